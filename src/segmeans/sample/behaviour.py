"""How the made-up customers of the order log behave, and what they buy."""

from __future__ import annotations

from typing import NamedTuple


class Behaviour(NamedTuple):
    """One kind of buyer. Times are shares of the period of the log: 0 its start, 1 its end."""

    name: str
    share: float  # of all customers
    orders: float  # mean orders of a customer; 1 means exactly one
    joined: tuple[float, float]  # first and last time of joining
    life: float  # how long a customer keeps buying
    tastes: tuple[int, ...]  # relative interest in each category
    quantity: tuple[int, ...]  # relative frequency of 1, 2, 3 ... pieces per line
    discount: tuple[int, ...]  # relative frequency of each entry of DISCOUNTS
    returns: float  # chance that a later order takes things back


_LOYAL = Behaviour(
    name="Loyal",
    share=0.12,
    orders=26,
    joined=(-0.5, 0.5),
    life=2,
    tastes=(4, 3, 3, 2, 2, 1),
    quantity=(6, 3, 1, 1),
    discount=(9, 1, 0, 0),
    returns=0.02,
)
_REGULAR = Behaviour(
    name="Regular",
    share=0.24,
    orders=9,
    joined=(-0.4, 0.7),
    life=2,
    tastes=(3, 3, 2, 2, 2, 2),
    quantity=(7, 2, 1),
    discount=(7, 2, 1, 0),
    returns=0.03,
)
_BARGAINS = Behaviour(
    name="Bargain hunters",
    share=0.18,
    orders=5,
    joined=(-0.2, 0.8),
    life=2,
    tastes=(1, 2, 4, 5, 0, 4),
    quantity=(4, 3, 2, 1, 1),
    discount=(1, 2, 3, 4),
    returns=0.09,
)
_BIG = Behaviour(
    name="Big baskets",
    share=0.06,
    orders=7,
    joined=(-0.4, 0.6),
    life=2,
    tastes=(1, 1, 1, 1, 6, 1),
    quantity=(2, 2, 2, 2, 2, 1, 1, 1),
    discount=(6, 3, 1, 0),
    returns=0.02,
)
_LAPSED = Behaviour(
    name="Lapsed",
    share=0.16,
    orders=6,
    joined=(-0.4, 0.3),
    life=0.3,
    tastes=(3, 3, 2, 2, 2, 2),
    quantity=(7, 2, 1),
    discount=(7, 2, 1, 0),
    returns=0.04,
)
_NEW = Behaviour(
    name="New",
    share=0.10,
    orders=3,
    joined=(0.85, 1.0),
    life=2,
    tastes=(2, 3, 3, 2, 2, 3),
    quantity=(7, 2, 1),
    discount=(5, 3, 2, 0),
    returns=0.04,
)
_ONCE = Behaviour(
    name="Once only",
    share=0.14,
    orders=1,
    joined=(0, 1),
    life=1,
    tastes=(2, 2, 3, 3, 1, 3),
    quantity=(8, 2),
    discount=(6, 2, 1, 1),
    returns=0.03,
)
BEHAVIOURS = (_LOYAL, _REGULAR, _BARGAINS, _BIG, _LAPSED, _NEW, _ONCE)

DISCOUNTS = (0, 10, 20, 30)  # per cent of the list price
LINES = (5, 3, 2, 1, 1)  # relative frequency of 1, 2, 3 ... lines per order

# Six products per category with their list prices in cents, the most bought first.
PRICES = {
    "Coffee": {
        "House blend 250 g": 690,
        "Dark roast 250 g": 790,
        "Decaf 250 g": 850,
        "Espresso 500 g": 1390,
        "Single estate 500 g": 1890,
        "Tasting set": 3450,
    },
    "Tea": {
        "Breakfast tea": 450,
        "Green tea": 520,
        "Mint leaves": 390,
        "Chai mix": 650,
        "Jasmine pearls": 1250,
        "Tea chest": 2950,
    },
    "Kitchen": {
        "Cup": 590,
        "Filter papers": 350,
        "Milk jug": 1290,
        "Storage tin": 990,
        "Scales": 2490,
        "Glass pot": 3290,
    },
    "Gifts": {
        "Ribbon, red": 190,
        "Gift wrap": 250,
        "Candle": 1190,
        "Gift card": 2500,
        "Small hamper": 2990,
        "Large hamper": 5990,
    },
    "Machines": {
        "Milk frother": 3990,
        "Hand grinder": 4990,
        "Kettle": 6990,
        "Filter machine": 12900,
        "Electric grinder": 15900,
        "Espresso machine": 44900,
    },
    "Snacks": {
        "Biscuits": 320,
        "Dark chocolate": 280,
        "Jam": 420,
        "Almonds": 490,
        "Granola": 590,
        "Honey": 750,
    },
}
POPULARITY = (6, 5, 4, 3, 2, 1)  # of the six products of a category

# How busy the days of a week are, from Sunday, and how many days before Christmas the rush begins.
WEEK = (1.1, 1.0, 0.9, 0.9, 1.0, 1.2, 1.4)
RUSH_DAYS = 40
