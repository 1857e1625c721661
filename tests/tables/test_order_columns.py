from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from tests.tables.order_logs import table_of

from segmeans.errors import ColumnNotFoundError, DataError, SettingError
from segmeans.tables.duck import Engine, Table, quoted
from segmeans.tables.order_columns import MEANINGS, OrderColumns, guess_columns


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as made:
        yield made


def empty(engine: Engine, names: Sequence[str]) -> Table:
    """Make a table of one row from words like ``CustomerID:VARCHAR``."""
    parts = [name.rpartition(":") for name in names]
    columns = ", ".join(f"{quoted(name)} {type_}" for name, _, type_ in parts)
    engine.run(f"CREATE TABLE log ({columns})")
    return table_of(engine, "log")


def meant(columns: OrderColumns) -> dict[str, str]:
    return {meaning: getattr(columns, meaning) for meaning in MEANINGS if getattr(columns, meaning)}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (  # UCI Online Retail
            "InvoiceNo:VARCHAR StockCode:VARCHAR Description:VARCHAR Quantity:BIGINT "
            "InvoiceDate:TIMESTAMP UnitPrice:DOUBLE CustomerID:VARCHAR Country:VARCHAR",
            "order=InvoiceNo product=StockCode quantity=Quantity date=InvoiceDate "
            "price=UnitPrice customer=CustomerID",
        ),
        (  # UCI Online Retail II
            "Invoice:VARCHAR StockCode:VARCHAR Description:VARCHAR Quantity:BIGINT "
            "InvoiceDate:TIMESTAMP Price:DOUBLE Customer_ID:VARCHAR Country:VARCHAR",
            "order=Invoice product=StockCode quantity=Quantity date=InvoiceDate price=Price "
            "customer=Customer_ID",
        ),
        (  # our own sampler
            "OrderID:VARCHAR CustomerID:VARCHAR OrderDate:DATE Product:VARCHAR Category:VARCHAR "
            "Quantity:BIGINT UnitPrice:DOUBLE Amount:DOUBLE Status:VARCHAR",
            "order=OrderID customer=CustomerID date=OrderDate product=Product group=Category "
            "quantity=Quantity price=UnitPrice amount=Amount status=Status",
        ),
        (  # CDNOW
            "customer_id:VARCHAR date:DATE number_of_cds:BIGINT dollar_value:DOUBLE",
            "customer=customer_id date=date quantity=number_of_cds amount=dollar_value",
        ),
        (  # a German shop, two words where English has one
            "Beleg-Nr.:VARCHAR Pos.:BIGINT Kundennummer:VARCHAR Belegdatum:TIMESTAMP "
            "Artikelnr.:VARCHAR Warengruppe:VARCHAR Menge:DOUBLE Einzelpreis_(€):DOUBLE "
            "Gesamtbetrag_(€):DOUBLE Auftragsstatus:VARCHAR Währung:VARCHAR",
            "order=Beleg-Nr. customer=Kundennummer date=Belegdatum product=Artikelnr. "
            "group=Warengruppe quantity=Menge price=Einzelpreis_(€) amount=Gesamtbetrag_(€) "
            "status=Auftragsstatus currency=Währung",
        ),
        (  # and one with everything in one word
            "bestellnummer:VARCHAR bestelldatum:DATE bestellstatus:VARCHAR kundennr:BIGINT "
            "artikelnummer:BIGINT artikelgruppe:VARCHAR bestellmenge:BIGINT nettopreis:DOUBLE "
            "rechnungsbetrag:BIGINT rabatt:DOUBLE",
            "order=bestellnummer date=bestelldatum status=bestellstatus customer=kundennr "
            "product=artikelnummer quantity=bestellmenge price=nettopreis amount=rechnungsbetrag "
            "discount=rabatt",
        ),
        (  # rfm
            "customer_id:VARCHAR order_date:DATE revenue:BIGINT",
            "customer=customer_id date=order_date amount=revenue",
        ),
        (  # a well-known superstore
            "order_id:VARCHAR order_date:DATE ship_date:DATE customer_id:VARCHAR "
            "customer_name:VARCHAR segment:VARCHAR country:VARCHAR product_id:VARCHAR "
            "category:VARCHAR product_name:VARCHAR sales:DOUBLE quantity:BIGINT discount:DOUBLE "
            "profit:DOUBLE",
            "order=order_id date=order_date customer=customer_id product=product_id "
            "group=category amount=sales quantity=quantity discount=discount margin=profit",
        ),
        (  # a shop system
            "Name:VARCHAR Email:VARCHAR financial_status:VARCHAR paid_at:TIMESTAMP "
            "created_at:TIMESTAMP currency:VARCHAR total:DOUBLE",
            "customer=Email status=financial_status date=created_at currency=currency amount=total",
        ),
        (  # German
            "Kundennummer:VARCHAR Rechnungsnummer:VARCHAR Datum:DATE Betrag:DOUBLE Menge:BIGINT",
            "customer=Kundennummer order=Rechnungsnummer date=Datum amount=Betrag quantity=Menge",
        ),
        (  # words that only end like the kind or the day of an order
            "customer_id:VARCHAR cart_order_id:VARCHAR created:DATE amount:DOUBLE order_date:DATE "
            "order_art:VARCHAR",
            "customer=customer_id order=cart_order_id date=order_date amount=amount",
        ),
        (  # a price and nothing else is what was paid
            "client:VARCHAR day:DATE price:DOUBLE",
            "customer=client date=day amount=price",
        ),
        (  # no amounts at all
            "user_id:VARCHAR timestamp:TIMESTAMP item_id:VARCHAR",
            "customer=user_id date=timestamp product=item_id",
        ),
    ],
)
def test_columns_of_well_known_logs(engine: Engine, names: str, expected: str) -> None:
    columns = guess_columns(empty(engine, names.split()))
    assert meant(columns) == dict(pair.split("=") for pair in expected.split())
    assert set(columns.reasons) == set(meant(columns))


def test_what_is_stated_wins_and_is_not_used_twice(engine: Engine) -> None:
    table = empty(
        engine, ["CustomerID:VARCHAR", "Account:VARCHAR", "Date:DATE", "Net:DOUBLE", "Total:DOUBLE"]
    )
    columns = guess_columns(table, {"customer": "Account", "amount": "Net", "order": ""})
    assert meant(columns) == {"customer": "Account", "amount": "Net", "date": "Date"}
    assert columns.reasons["customer"] == "stated"


def test_texts_count_as_dates_when_they_read_as_dates(engine: Engine) -> None:
    engine.run("CREATE TABLE log AS SELECT 'ann' AS customer, 'soon' AS order_date")
    with pytest.raises(DataError, match=r"to be the date.*setting 'date'"):
        guess_columns(table_of(engine, "log"))
    engine.run(
        "CREATE OR REPLACE TABLE log AS SELECT 'ann' AS customer, '2024-01-31' AS order_date"
    )
    assert guess_columns(table_of(engine, "log")).date == "order_date"


def test_errors_name_the_columns_there_are(engine: Engine) -> None:
    table = empty(engine, ["column_1:VARCHAR", "column_2:DATE", "column_3:DOUBLE"])
    with pytest.raises(DataError, match=r"to be the customer.*column_1, column_2, column_3"):
        guess_columns(table)
    with pytest.raises(ColumnNotFoundError, match="'column_1'"):
        guess_columns(table, {"customer": "colum_1"})
    with pytest.raises(SettingError, match=r"'custommer'.*Try: 'customer'"):
        guess_columns(table, {"custommer": "column_1"})
    with pytest.raises(SettingError, match=r"does not hold numbers.*Allowed: column_3"):
        guess_columns(table, {"customer": "column_1", "amount": "column_2"})


def test_a_date_that_does_not_read_is_shown(engine: Engine) -> None:
    engine.run("CREATE TABLE log AS SELECT 'ann' AS customer, 'soon' AS order_date")
    with pytest.raises(DataError, match=r"to be the date.*Found: order_date: 'soon'"):
        guess_columns(table_of(engine, "log"))
