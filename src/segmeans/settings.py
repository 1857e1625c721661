"""Everything a user may ask for, declared once.

Each setting has its type, range, default and meaning here and nowhere else: the options of the
command line, the keys of ``study.toml``, the arguments of :func:`segmeans.segment`, the reference
page and the tests of bad values are all made from this table.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from segmeans.errors import SettingError, nearest_name

Scale = Literal["standard", "robust", "minmax", "none"]
Transform = Literal["auto", "none", "log", "log1p", "yeo-johnson"]
Outliers = Literal["cap", "keep"]
Missing = Literal["median", "mean", "drop"]
Format = Literal["csv", "parquet"]


def _parse_k(value: object) -> object:
    """Accept 5, "5", "2-20" and (2, 20)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return (value, value)
    if isinstance(value, str):
        bounds = [bound.strip() for bound in value.split("-")]
        if len(bounds) <= 2 and all(bound.isdecimal() for bound in bounds):
            return (int(bounds[0]), int(bounds[-1]))
    return value


def _parse_weights(value: object) -> object:
    """Accept a mapping and a list of "FEATURE=2"; the last ``=`` divides."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        pairs = [item.rpartition("=") for item in value]
        if all(name and equals for name, equals, _ in pairs):
            return {name: number for name, _, number in pairs}
    return value


LONGEST_NAME = 80


def _parse_new_names(value: object) -> object:
    """Accept a mapping and a list of "SEGMENT=NAME"; refuse names that cannot be told apart."""
    pairs = _parse_weights(value)
    if not isinstance(pairs, dict):
        return pairs
    names = {
        str(segment).strip(): name.strip() if isinstance(name, str) else name
        for segment, name in pairs.items()
    }
    texts = [name for name in names.values() if isinstance(name, str)]
    odd = next(
        (
            name
            for name in texts
            if not 0 < len(name) <= LONGEST_NAME
            or any(ord(character) < 32 or ord(character) == 127 for character in name)
        ),
        None,
    )
    if odd is not None:
        raise SettingError(
            "This is no name for a segment",
            where="names",
            found=repr(odd),
            allowed=f"1 to {LONGEST_NAME} characters on one line",
        )
    folded = [name.casefold() for name in texts]
    twice = next((name for name in texts if folded.count(name.casefold()) > 1), None)
    if twice is not None:
        raise SettingError(
            "Two segments would have one name",
            where="names",
            found=repr(twice),
            allowed="a name of its own for each",
        )
    return names


def _parse_names(value: object) -> object:
    """Accept one name as well as a sequence of names."""
    return (value,) if isinstance(value, str) else value


KRange = Annotated[
    tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]], BeforeValidator(_parse_k)
]
Names = Annotated[tuple[str, ...], BeforeValidator(_parse_names)]
Weights = Annotated[
    dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]], BeforeValidator(_parse_weights)
]
NewNames = Annotated[dict[str, str], BeforeValidator(_parse_new_names)]


def _setting(default: Any, meaning: str, *, group: str, allowed: str = "", **limits: Any) -> Any:
    return Field(
        default,
        description=meaning,
        json_schema_extra={"group": group, "allowed": allowed},
        **limits,
    )


def _order_column(meaning: str) -> Any:
    return _setting(None, f"Column of the order log: {meaning}. Guessed.", group="Orders")


class Settings(BaseModel):
    """What the user asks for. Frozen: what was resolved from it is stored beside it.

    Examples
    --------
    >>> Settings(k="2-20").k
    (2, 20)
    >>> Settings(weight=["Annual Income (k$)=2"]).weight
    {'Annual Income (k$)': 2.0}
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)

    # Source
    table: str | None = _setting(None, "Table of a database, sheet of a workbook.", group="Source")
    query: str | None = _setting(
        None, "SQL query whose rows are the customers (database sources).", group="Source"
    )
    separator: str | None = _setting(
        None,
        "Separator of a delimited file, when guessing is not enough.",
        group="Source",
        allowed="one character, or 'tab'",
        min_length=1,
        max_length=3,
    )
    encoding: str | None = _setting(
        None, "Text encoding of a delimited file, for example cp1252.", group="Source"
    )
    decimal: Literal[".", ","] | None = _setting(
        None, "Decimal mark of a delimited file.", group="Source", allowed=". or ,"
    )

    # Columns
    id: str | None = _setting(
        None, "Column that identifies a customer. Guessed when not given.", group="Columns"
    )
    features: Names = _setting(
        (),
        "Columns that form the segments, separated by commas; repeatable. Put a name that "
        "holds a comma in double quotes: '\"Income, net\",Age'.",
        group="Columns",
        allowed="names of columns",
    )
    ignore: Names = _setting(
        (), "Columns to leave out entirely.", group="Columns", allowed="names of columns"
    )
    describe: Names = _setting(
        (),
        "Columns that describe the segments but do not form them.",
        group="Columns",
        allowed="names of columns",
    )

    # Orders
    orders: bool = _setting(
        False,
        "The source is an order log, one row per order line: make one row per customer of it "
        "first. The features are then rfm, behaviour, all, or names of order features.",
        group="Orders",
    )
    customer: str | None = _order_column("who bought")
    date: str | None = _order_column("when")
    amount: str | None = _order_column("money of a line; without it, quantity times price")
    order: str | None = _order_column("number of the order")
    quantity: str | None = _order_column("pieces")
    price: str | None = _order_column("money for one piece")
    product: str | None = _order_column("what was bought")
    product_group: str | None = _order_column("product group")
    status: str | None = _order_column("words such as completed, cancelled, returned")
    cost: str | None = _order_column("what the line cost us")
    margin: str | None = _order_column("what we earned on the line; without it, amount minus cost")
    discount: str | None = _order_column("discount, above 0 where there was one")
    currency_column: str | None = _order_column("currency of the money of a line")
    currency: str | None = _setting(
        None, "Currency that counts. Default: the most frequent one.", group="Orders"
    )
    as_of: datetime.date | None = _setting(
        None,
        "Day on which the customers are looked at. Default: the day after the last order.",
        group="Orders",
        allowed="a day as 2011-12-10",
    )
    duplicates: Literal["keep", "drop"] = _setting(
        "keep", "Order lines equal in every column to an earlier one.", group="Orders"
    )
    returns: Literal["drop", "net"] = _setting(
        "drop",
        "Leave cancelled and returned lines out, or also take them off their sale.",
        group="Orders",
    )
    zero_amounts: Literal["auto", "keep", "drop"] = _setting(
        "auto",
        "Order lines of amount 0; auto keeps them where every line is an order of its own.",
        group="Orders",
    )
    same_day: Literal["auto", "id", "moment", "day", "line"] = _setting(
        "auto",
        "What makes lines one order: their number, one moment, one day, or nothing; auto takes the "
        "number, if there is one.",
        group="Orders",
    )
    time_zone: str | None = _setting(
        None, "Zone of calendar days for times in UTC, as Europe/Berlin.", group="Orders"
    )
    horizon: float = _setting(
        52.0,
        "Weeks ahead for expected purchases and customer lifetime value.",
        group="Orders",
        ge=1,
        le=520,
        allowed="weeks from 1 to 520",
    )
    rfm_names: str | None = _setting(
        None, "Your own file of named RFM cells instead of ours.", group="Orders"
    )
    rfm_scale: str | None = _setting(
        None,
        "Cut points of the RFM scores: the orders.json of an earlier study, whose scale is kept, "
        "or a JSON file with your own.",
        group="Orders",
    )
    rfm_binning: Literal["independent", "nested"] = _setting(
        "independent",
        "New cut points over all customers, or frequency within recency and money within both.",
        group="Orders",
    )
    rejected: bool = _setting(
        False, "Write the order lines that were left out, with the reason.", group="Orders"
    )

    # Preparation
    scale: Scale = _setting(
        "standard", "How features are brought to one scale.", group="Preparation"
    )
    transform: Transform = _setting(
        "auto",
        "What is done about skew; auto decides per feature from its measured skew.",
        group="Preparation",
    )
    outliers: Outliers = _setting(
        "cap",
        "Set extreme values to the cut-offs printed with the preparation, or keep them.",
        group="Preparation",
    )
    missing: Missing = _setting(
        "median",
        "What stands in for a missing number; drop sets the row aside.",
        group="Preparation",
    )
    max_missing: float = _setting(
        0.5,
        "Rows with a larger share of missing features are set aside as unscored.",
        group="Preparation",
        ge=0,
        le=1,
        allowed="a share from 0 to 1",
    )
    weight: Weights = _setting(
        {},
        "Weight of a feature in the distance, as FEATURE=2; repeatable.",
        group="Preparation",
        allowed="FEATURE=NUMBER with a number above 0",
    )

    # Segments
    k: KRange = _setting(
        (1, 12),
        "Number of segments, or a range to choose from, as 5 or 2-20.",
        group="Segments",
        allowed="a whole number from 1, or a range like 2-20",
    )
    smallest: float = _setting(
        0.0,
        "Smallest useful segment, as a share of the customers; a k with a smaller one is not "
        "recommended.",
        group="Segments",
        ge=0,
        lt=1,
        allowed="a share from 0 to 1",
    )
    min_size: int = _setting(
        0,
        "Least customers of every segment; who must leave the nearest one is counted.",
        group="Segments",
        ge=0,
        allowed="a whole number from 0",
    )
    max_size: int | None = _setting(
        None,
        "Most customers of every segment.",
        group="Segments",
        ge=1,
        allowed="a whole number from 1",
    )
    names: NewNames = _setting(
        {},
        "Your own name for a segment, as SEGMENT=NAME with its number, id or name; repeatable.",
        group="Segments",
        allowed="SEGMENT=NAME, all names different",
    )
    seed: int = _setting(
        0,
        "Seed of every random draw.",
        group="Segments",
        ge=0,
        le=2**63 - 1,
        allowed="a whole number from 0",
    )
    threads: int | None = _setting(
        None,
        "Threads to use; the result does not depend on it. Default: all processors.",
        group="Segments",
        ge=1,
        le=1024,
        allowed="a whole number from 1",
    )
    memory: float | None = _setting(
        None,
        "Gigabytes for the engine that reads the data; what needs more waits on disk. "
        "Default: half of the machine's.",
        group="Segments",
        ge=0.25,
        le=100_000,
        allowed="gigabytes from 0.25",
    )
    robustness: bool = _setting(
        False,
        "Also try other scales, transforms, caps, one feature less and other methods.",
        group="Segments",
    )
    membership: bool = _setting(
        False,
        "Also say of every customer how often new samples put it into each segment.",
        group="Segments",
    )
    fast: bool = _setting(
        False, "Less evidence in less time; the study says what was left out.", group="Segments"
    )

    # Output
    out: str = _setting("segmeans-out", "Folder for the outputs.", group="Output")
    format: Format = _setting("csv", "Format of the segments file.", group="Output")
    overwrite: bool = _setting(
        False, "Replace the outputs of an earlier study in the folder.", group="Output"
    )
    figures: bool = _setting(True, "Draw the figures.", group="Output")
    pdf: bool = _setting(
        False,
        "Write the report as PDF as well, printed by a browser of this machine.",
        group="Output",
    )
    excel: bool = _setting(
        False,
        "Write the results as one Excel workbook as well (extra excel).",
        group="Output",
    )
    browser: str | None = _setting(
        None,
        "The program of the Chromium, Chrome or Edge that prints. Default: one that is found.",
        group="Output",
    )
    targeting: str | None = _setting(
        None,
        "Your targeting plan (TOML): limits, weights, and what only you can answer.",
        group="Output",
    )
    playbook: str | None = _setting(
        None, "Your own playbook (TOML) of actions instead of ours.", group="Output"
    )

    @model_validator(mode="after")
    def _range_runs_upwards(self) -> Settings:
        if self.k[0] > self.k[1]:
            raise SettingError(
                "The range of the setting 'k' runs downwards",
                found=f"{self.k[0]}-{self.k[1]}",
                allowed=allowed_values("k"),
            )
        return self

    @classmethod
    def ask(cls, values: Mapping[str, Any], *, where: str = "settings") -> Settings:
        """Check values and return the settings.

        Parameters
        ----------
        values : mapping
            Setting names to values, as given by a user.
        where : str, default="settings"
            What the values come from, for the message: a file name, "command line".

        Raises
        ------
        SettingError
            For the first value that is not allowed; names the setting, what was found, what is
            allowed and, for an unknown setting, the nearest known one.
        """
        try:
            return cls(**dict(values))
        except ValidationError as error:
            raise cls._error(error, where) from None

    @classmethod
    def _error(cls, error: ValidationError, where: str) -> SettingError:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, SettingError):
            return cause
        name = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "extra_forbidden":
            near = nearest_name(name, cls.model_fields)
            return SettingError(
                f"There is no setting {name!r}",
                where=where,
                allowed=", ".join(cls.model_fields),
                hint=repr(near) if near else "",
            )
        return SettingError(
            f"The setting {name!r} has a value that is not allowed",
            where=where,
            found=repr(first["input"]),
            allowed=allowed_values(name),
        )


def allowed_values(name: str) -> str:
    """Say in words what a setting may be.

    Examples
    --------
    >>> allowed_values("outliers")
    'cap or keep'
    >>> allowed_values("seed")
    'a whole number from 0'
    """
    field = Settings.model_fields[name]
    extra = field.json_schema_extra
    stated = str(extra.get("allowed", "")) if isinstance(extra, dict) else ""
    if stated:
        return stated
    if get_origin(field.annotation) is Literal:
        *rest, last = (str(choice) for choice in get_args(field.annotation))
        return f"{', '.join(rest)} or {last}" if rest else last
    return "true or false" if field.annotation is bool else "a text"
