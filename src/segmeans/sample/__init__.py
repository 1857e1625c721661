"""Made-up, lifelike data to try things on: customers and orders with known segments.

:class:`CustomerMarket` and :class:`OrderMarket` say what the data are like and make them block by
block; :func:`write_customers` and :func:`write_orders` write them to a file. The same seed gives
the same bytes on any machine, at any number of rows in the memory of one block.
"""

from __future__ import annotations

from segmeans.sample.customers import CustomerMarket
from segmeans.sample.orders import OrderMarket
from segmeans.sample.writing import write_customers, write_orders

__all__ = ["CustomerMarket", "OrderMarket", "write_customers", "write_orders"]
