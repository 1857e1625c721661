"""Which column of an order log is what, guessed from names and types, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace

from segmeans.errors import ColumnNotFoundError, DataError, SettingError, nearest_name
from segmeans.tables.duck import Column, Table, quoted
from segmeans.tables.names import says_customer, says_id, shown, words
from segmeans.tables.values import DATE_ORDERS, teach

SAMPLE_ROWS = 10_000
LIKELY_SHARE = 0.5  # of a sample of texts that read as dates


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderColumns:
    """The columns of an order log by what they mean; None where the log has no such column.

    Parameters
    ----------
    customer : str
        Who bought.
    date : str
        When, as a day or a moment.
    amount : str, optional
        Money of a line. Without it, ``quantity`` times ``price``.
    order : str, optional
        Number of the order a line belongs to.
    quantity : str, optional
        Pieces of a line; negative for goods that came back.
    price : str, optional
        Money for one piece.
    product : str, optional
        What was bought.
    status : str, optional
        Words such as "completed", "cancelled", "returned".
    group : str, optional
        Product group or category.
    currency : str, optional
        Currency of the money of a line.
    discount : str, optional
        Discount of a line; above 0 means that there was one.
    cost : str, optional
        What the line cost us; the margin is the amount minus the cost.
    margin : str, optional
        What we earned on the line.
    reasons : dict of str to str
        Why each column was chosen, by meaning.
    """

    customer: str
    date: str
    amount: str | None = None
    order: str | None = None
    quantity: str | None = None
    price: str | None = None
    product: str | None = None
    status: str | None = None
    group: str | None = None
    currency: str | None = None
    discount: str | None = None
    cost: str | None = None
    margin: str | None = None
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def has_money(self) -> bool:
        """Whether a line has an amount, its own or quantity times price."""
        return bool(self.amount or (self.quantity and self.price))


MEANINGS = tuple(item.name for item in fields(OrderColumns) if item.name != "reasons")
MONEY_AND_COUNTS = ("amount", "quantity", "price", "discount", "cost", "margin")
TEXT_COLUMNS = ("customer", "order", "product", "status", "group", "currency")

# Words that speak for a meaning, the stronger first, and words that speak against it.
_FOR: dict[str, tuple[str, ...]] = {
    "date": (
        "orderdate invoicedate purchasedate date datum day",
        "order invoice purchase purchased transaction sale bought time timestamp datetime created",
    ),
    "order": (
        "order invoice transaction receipt basket bill ticket booking bestell auftrag rechnung "
        "bon beleg belegnummer belegnr vorgang orderid invoiceno transactionid commande facture "
        "pedido factura bestelling factuur ordine fattura",
    ),
    "price": (
        "unitprice price preis einzelpreis stückpreis nettopreis bruttopreis verkaufspreis prix "
        "precio prezzo prijs",
        "rate",
    ),
    "quantity": (
        "quantity qty menge anzahl bestellmenge stückzahl quantité cantidad quantità aantal",
        "units pieces items count number cds stück",
    ),
    "amount": (
        "amount revenue sales turnover umsatz betrag gesamtpreis gesamtsumme montant importe "
        "importo bedrag spent spend",
        "total value paid payment gross net dollar dollars eur usd gbp sum summe wert",
    ),
    "product": (
        "sku stockcode productid asin ean gtin upc",
        "product article item artikel produkt stock",
    ),
    "status": ("status orderstatus estado statut",),
    "group": (
        "category kategorie catégorie categoria",
        "department group family productline warengruppe subcategory",
    ),
    "currency": ("currency ccy waehrung währung devise moneda",),
    "discount": ("discount rabatt reduction",),
    "margin": ("margin profit contribution",),
    "cost": ("cost costs cogs kosten",),
}
_AGAINST: dict[str, str] = {
    "date": "birth born birthday signup registered registration shipped delivered delivery due "
    "updated modified required",
    "customer": "name first last segment age type group city country gender zip state region "
    "since date value status category",
    "order": "date time day value amount total status type count priority line lines quantity "
    "mode customer",
    "price": "total customer",
    "quantity": "price amount customer",
    "amount": "unit price quantity qty discount tax shipping cost count lifetime",
    "product": "category group price quantity name family line cost container margin "
    "artikelgruppe produktgruppe artikelpreis artikelmenge",
    "status": "customer marital payment",
    "group": "customer age",
    "discount": "code",
    "cost": "shipping",
    "margin": "",
    "currency": "",
}
# How a word ends that speaks of an order and is no number of it: Auftragsstatus, orderamount.
_OF_AN_ORDER = (
    *("status", "date", "amount", "total", "quantity", "datum", "betrag", "wert", "summe"),
    *("preis", "menge", "position", "art", "typ", "kunde"),
)
_NUMERIC = frozenset(MONEY_AND_COUNTS)
_ORDER_OF_GUESSING = (
    *("date", "customer", "order", "price", "quantity", "discount", "margin", "cost", "amount"),
    *("product", "status", "group", "currency"),
)


def guess_columns(table: Table, given: Mapping[str, str | None] | None = None) -> OrderColumns:
    """Say what the columns of an order log mean.

    Parameters
    ----------
    table : Table
        The order log, one row per line.
    given : mapping of str to str, optional
        What the user said, meaning to column (``{"customer": "Kunde"}``). It is never changed;
        the rest is guessed from the columns that are left. ``None`` means to guess, an empty
        text that there is no such column.

    Returns
    -------
    OrderColumns
        With a reason for every column.

    Raises
    ------
    ColumnNotFoundError
        If a given column does not exist.
    SettingError
        If a given meaning does not exist or its column holds the wrong kind of values.
    DataError
        If no column can be the customer, or the date.
    """
    stated = _check_given(table, given or {})
    chosen = {meaning: name for meaning, name in stated.items() if name}
    reasons = dict.fromkeys(chosen, "stated")
    for meaning in _ORDER_OF_GUESSING:
        if meaning in stated:
            continue
        free = [column for column in table.columns if column.name not in chosen.values()]
        best = _best(table, meaning, free)
        if best is not None:
            chosen[meaning], reasons[meaning] = best
    for meaning in ("customer", "date"):
        if meaning not in chosen:
            raise DataError(
                f"No column can be told to be the {meaning} of an order",
                where=table.name,
                found=_unread(table) if meaning == "date" else "",
                allowed=", ".join(table.names),
                hint=f"name it with the setting '{meaning}'",
            )
    return _tidied(OrderColumns(**chosen, reasons=reasons), stated)


def _unread(table: Table) -> str:
    """Return values of a column that is named like a date and does not read as one."""
    for column in table.columns:
        if column.type == "VARCHAR" and _as_date(column) > 0:
            values = [value for value, _ in table.levels(column.name, 3)]
            return f"{column.name}: {shown(values, 3)}"
    return ""


def _check_given(table: Table, given: Mapping[str, str | None]) -> dict[str, str]:
    stated = {}
    for meaning, name in given.items():
        if meaning not in MEANINGS:
            near = nearest_name(meaning, MEANINGS)
            raise SettingError(
                f"A column of an order log cannot mean {meaning!r}",
                allowed=", ".join(MEANINGS),
                hint=repr(near) if near else "",
            )
        if name is None:
            continue
        if name and name not in table.names:
            raise ColumnNotFoundError.from_names(name, table.names, where=f"setting '{meaning}'")
        if name and meaning in _NUMERIC and not table.column(name).is_number:
            raise SettingError(
                f"The column for the setting {meaning!r} does not hold numbers",
                where=name,
                found=table.column(name).type,
                allowed=_numeric_names(table),
            )
        stated[meaning] = name
    return stated


def _numeric_names(table: Table) -> str:
    names = [column.name for column in table.columns if column.is_number]
    return ", ".join(names) or "no column of this table holds numbers"


def _tidied(columns: OrderColumns, stated: Mapping[str, str]) -> OrderColumns:
    """Take a lonely price for the amount: without pieces, it is what a line costs."""
    if columns.price and not columns.quantity and not columns.amount and "price" not in stated:
        reasons = dict(columns.reasons)
        reasons["amount"] = reasons.pop("price") + ", and there is no quantity"
        return replace(columns, amount=columns.price, price=None, reasons=reasons)
    return columns


def _best(table: Table, meaning: str, free: list[Column]) -> tuple[str, str] | None:
    """Return the column that most likely has a meaning, and why."""
    score = {"customer": _as_customer, "date": _as_date, "order": _as_order}.get(meaning)
    rate: Callable[[Column], float] = score or (lambda column: _as_other(meaning, column))
    ranked = sorted(
        ((rate(column), -place, column) for place, column in enumerate(free)),
        key=lambda entry: entry[:2],
        reverse=True,
    )
    for points, _, column in ranked:
        if points <= 0:
            return None
        if meaning != "date" or _reads_as_date(table, column):
            also = [other.name for mark, _, other in ranked if mark == points and other != column]
            tie = f"; {also[0]!r} would do as well" if also else ""
            return column.name, _reason(meaning, column) + tie
    return None


def _reason(meaning: str, column: Column) -> str:
    if meaning == "date" and column.type in ("DATE", "TIMESTAMP"):
        return "it holds dates"
    if meaning == "customer" and says_id(column.name):
        return "its name says that it identifies a customer"
    return f"its name speaks of the {meaning}"


def _as_customer(column: Column) -> float:
    if column.type in ("DATE", "TIMESTAMP", "DOUBLE") and not says_id(column.name):
        return 0
    parts = words(column.name)
    if not says_customer(column.name) or _is_against("customer", parts):
        return 1 if parts in (("email",), ("e", "mail")) else 0
    return 8 + 4 * says_id(column.name) + (parts[0] in ("customer", "client", "kunde"))


def _as_date(column: Column) -> float:
    typed = column.type in ("DATE", "TIMESTAMP")
    named = _named("date", column)
    if _is_against("date", words(column.name)):
        return 1 if typed else 0
    if typed:
        return 10 + named
    return named if column.type == "VARCHAR" and named >= 2 and not says_id(column.name) else 0


def _as_order(column: Column) -> float:
    if column.type in ("DATE", "TIMESTAMP") or _is_against("order", words(column.name)):
        return 0
    named = _named("order", column)
    if not named or any(map(_is_of_an_order, words(column.name))):
        return 0
    if says_id(column.name):
        return named + 5
    return named if column.type != "DOUBLE" and len(words(column.name)) == 1 else 0


def _is_of_an_order(word: str) -> bool:
    """Return whether a word speaks of an order and is no number of it: status, Auftragsart."""
    return any(
        word == end or (word.endswith(end) and any(one in word for one in _FOR["order"][0].split()))
        for end in _OF_AN_ORDER
    )


def _as_other(meaning: str, column: Column) -> float:
    if column.is_number != (meaning in _NUMERIC) and (
        meaning != "product" or column.type != "BIGINT"
    ):
        return 0
    if meaning in _NUMERIC and says_id(column.name):
        return 0
    if _is_against(meaning, words(column.name)):
        return 0
    named = _named(meaning, column)
    return named + (meaning == "product" and named > 0 and says_id(column.name))


def _is_against(meaning: str, parts: tuple[str, ...]) -> bool:
    return not set(parts).isdisjoint(_AGAINST[meaning].split())


def _named(meaning: str, column: Column) -> float:
    """Return 2 for each strong and 1 for each weak word of a meaning in the name of a column."""
    parts = words(column.name)
    folded = "".join(parts)
    points = 0
    for value, listed in zip((2, 1), _FOR[meaning], strict=False):
        points += sum(
            value
            for word in listed.split()
            if word in parts or (len(word) > 5 and word in folded and word not in parts)
        )
    return points


def _reads_as_date(table: Table, column: Column) -> bool:
    """Return whether the values of a column read as dates, in whatever formats."""
    if column.type in ("DATE", "TIMESTAMP"):
        return True
    teach(table.engine)
    readers = ", ".join(f"moment_{order}(v)" for order in DATE_ORDERS)
    query = (
        f"SELECT count(coalesce({readers})), count(v) FROM (SELECT valued({quoted(column.name)}) "
        f"AS v FROM {quoted(table.relation)} WHERE {quoted(column.name)} IS NOT NULL "
        f"LIMIT {SAMPLE_ROWS})"
    )
    read, present = table.engine.rows(query, where=table.name)[0]
    return bool(read and read >= LIKELY_SHARE * present)
