"""What each column is, why we think so, and what it is used for.

Numbers form the segments by themselves. Categories do where there are not enough numbers; beside
numbers they describe the segments, since a few labels would cut the customers into piles of their
own. Ids, personal data, text, dates and constants never become features by themselves; the user
can say otherwise, and is told what that means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from segmeans.errors import DataError
from segmeans.plain import plain_share
from segmeans.records import ColumnRole, Finding, Role, Use
from segmeans.settings import Settings
from segmeans.tables.asked import check_columns
from segmeans.tables.duck import BLOCK_ROWS, Table, quoted
from segmeans.tables.evidence import Evidence, gather
from segmeans.tables.layout import is_number
from segmeans.tables.names import says_customer, says_id, word_set, words
from segmeans.tables.personal import personal_content, personal_header

ENOUGH_NUMBERS = 2  # numbers from which categories describe instead of forming segments
MOST_LEVELS = 50  # a category with more levels does not become a feature by itself
MOST_CODES = 12  # whole numbers with more different values are amounts unless the name says code
ORDER_LOG_SHARE = 0.8  # fewer different ids than this share of the rows looks like an order log
LONG_TEXT = 40  # mean length from which values are free text
LEAST_ASCENDING = 20  # rows from which ascending unique whole numbers count as an id

_CODED = word_set(
    "channel region type class category group cluster segment store branch shop zip zipcode postal "
    "postcode postalcode plz gender sex genre status plan tier marital country state city area "
    "district department dept sector industry occupation profession job education brand product "
    "warehouse code flag label method payment weekday"
)
_COUNTED = word_set(
    "number count num total sum amount avg mean average median rate ratio share score rating age "
    "size years days months income price spend spending value frequency recency"
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """The roles of all columns, in order, and what was odd about them."""

    roles: tuple[ColumnRole, ...]
    findings: tuple[Finding, ...]

    def named(self, use: Use) -> tuple[str, ...]:
        """Return the names of the columns with a use, in order."""
        return tuple(role.name for role in self.roles if role.use == use)

    @property
    def id(self) -> str | None:
        """The name of the id column, if there is one."""
        return next(iter(self.named("id")), None)


def recognise(
    table: Table, settings: Settings | None = None, *, any_feature: bool = True
) -> Recognised:
    """Recognise what every column of a table is.

    Parameters
    ----------
    table : Table
        One row per customer.
    settings : Settings, optional
        ``id``, ``features``, ``ignore`` and ``describe`` override what is recognised.
    any_feature : bool, default=True
        Raise when no column can be a feature.

    Returns
    -------
    Recognised

    Raises
    ------
    ColumnNotFoundError
        If a setting names a column that is not there.
    SettingError
        If settings contradict one another.
    DataError
        If no column can be a feature.
    """
    settings = settings or Settings()
    check_columns(table.names, settings)
    evidence = gather(table)
    roles = [_recognised(table, item) for item in evidence]
    roles = _with_one_id(roles, evidence, settings)
    findings: list[Finding] = []
    final = []
    for role, item in zip(roles, evidence, strict=True):
        decided, found = _used(role, item, settings)
        final.append(decided)
        findings += found
    final = _with_labels_describing(final)
    findings = [*_id_findings(table, final, evidence), *findings]
    if any_feature and not any(role.use == "feature" for role in final):
        raise _no_feature(table, final)
    return Recognised(tuple(final), tuple(findings))


# --- what a column is --------------------------------------------------------------------------


def _role(item: Evidence, role: Role, reason: str, use: Use = "ignore") -> ColumnRole:
    column = item.column
    return ColumnRole(
        name=column.name,
        type=column.type,
        role=role,
        use=use,
        reason=reason,
        missing=item.missing,
        distinct=item.distinct,
    )


def _recognised(table: Table, item: Evidence) -> ColumnRole:
    """Return the role of a column and the use that follows from it."""
    if item.present == 0:
        return _role(item, "unusable", "no row has a value")
    if item.distinct == 1:
        if item.missing:
            return _role(item, "unusable", "one value, and missing everywhere else")
        return _role(item, "constant", "the same value in every row")
    if _is_nested(item):
        return _role(item, "unusable", f"values of type {item.column.origin} hold several values")
    if private := _personal(item):
        return private
    if says_id(item.column.name):
        return _named_id(item)
    if item.column.type in ("DATE", "TIMESTAMP"):
        return _role(item, "date", "dates become features only when asked for")
    return _number(table, item) if item.column.is_number else _text(item)


def _is_nested(item: Evidence) -> bool:
    origin = item.column.origin
    return origin.endswith("]") or origin.startswith(
        ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "JSON", "VARIANT", "GEOMETRY", "INTERVAL")
    )


def _personal(item: Evidence) -> ColumnRole | None:
    if content := personal_content(item.sample):
        return _role(item, "personal", f"the values are {content}")
    announced = personal_header(item.column.name)
    if announced == "a date of birth" and item.column.is_number:
        return None  # a year of birth says no more than an age
    few = item.distinct <= MOST_CODES and item.distinct < item.present / 2
    if announced and not (few and item.column.type != "DATE"):
        return _role(item, "personal", f"the header says {announced}")
    return None


def _named_id(item: Evidence) -> ColumnRole:
    """Return the role of a column whose name claims that it identifies something."""
    name, distinct = item.column.name, item.distinct
    if says_customer(name) and distinct > 2:
        return _role(item, "id", "the name says that it identifies customers")
    if item.unique or distinct > max(MOST_LEVELS, item.present / 2):
        return _role(item, "id", "the name says that it identifies something")
    if distinct <= MOST_LEVELS and distinct <= item.present / 2:
        return _role(item, "category", f"{distinct} codes that rows share", "feature")
    return _role(item, "id", f"{distinct:,} codes, too many to form segments")


def _number(table: Table, item: Evidence) -> ColumnRole:
    name, distinct = item.column.name, item.distinct
    parts = set(words(name))
    coded = _says_codes(name)
    if item.whole and coded and distinct <= MOST_LEVELS and distinct <= max(2, item.present / 2):
        reason = f"{distinct} whole numbers, and the name says that they are codes, not amounts"
        return _role(item, "category", reason, "feature")
    if item.whole and coded and parts & {"zip", "zipcode", "postal", "postcode", "plz", "code"}:
        return _role(item, "category", "codes of places, too many to form segments")
    if item.whole and distinct == 2 and item.present > 2:
        reason = f"only the two values {item.low:g} and {item.high:g}"
        return _role(item, "category", reason, "feature")
    if item.whole and item.unique and item.missing == 0 and (why := _counts_rows(table, item)):
        return _role(item, "id", why)
    return _role(item, "number", f"{distinct:,} different numbers", "feature")


def _says_codes(name: str) -> bool:
    """Return whether a name says that the numbers of a column are codes, not amounts."""
    parts = set(words(name))
    return says_id(name) or (bool(parts & _CODED) and not parts & _COUNTED)


def _counts_rows(table: Table, item: Evidence) -> str:
    """Return why unique whole numbers are an id, or nothing."""
    if item.low is None or item.high is None or item.position > 0:
        return ""
    if item.low in (0, 1) and item.high - item.low == item.rows - 1 and item.rows > 2:
        return "it numbers the rows"
    if item.rows < LEAST_ASCENDING:
        return ""
    query = f"SELECT {quoted(item.column.name)} AS v FROM {quoted(table.relation)}"
    last = -np.inf
    for block in table.engine.stream(query, BLOCK_ROWS, total=table.n_rows, where=table.name):
        values = block["v"]
        if values[0] <= last or not bool(np.all(np.diff(values) > 0)):
            return ""
        last = values[-1]
    return "the first column, whole numbers that only ascend"


def _text(item: Evidence) -> ColumnRole:
    sample, distinct = item.sample, item.distinct
    numbers = sum(map(is_number, sample)) / len(sample) if sample else 0.0
    length = sum(map(len, sample)) / len(sample) if sample else 0.0
    spaced = sum(" " in value.strip() for value in sample) / len(sample) if sample else 0.0
    shared = distinct <= max(2, item.present / 2)
    if distinct <= MOST_LEVELS and shared:
        return _role(item, "category", f"{distinct} different labels", "feature")
    if 0.1 <= numbers <= 0.9:
        return _role(
            item, "unusable", f"a mixture: {plain_share(numbers, 0)} numbers, the rest text"
        )
    if length > LONG_TEXT:
        return _role(item, "text", f"free text, {length:.0f} characters on average")
    if item.unique and item.present > 2 and spaced < 0.1:
        return _role(item, "id", "a different code in every row")
    if shared:
        return _role(item, "category", f"{distinct:,} labels, too many to form segments")
    return _role(item, "text", f"{distinct:,} different texts in {item.present:,} rows")


# --- one id ------------------------------------------------------------------------------------


def _with_one_id(
    roles: list[ColumnRole], evidence: Sequence[Evidence], settings: Settings
) -> list[ColumnRole]:
    """Give the use ``id`` to the column asked for, else to the best id."""
    if settings.id is not None:
        return [
            replace(role, role="id", use="id", reason="asked for", forced=True)
            if role.name == settings.id
            else role
            for role in roles
        ]
    candidates = [
        (item.unique and not item.missing, says_customer(role.name), says_id(role.name), -i)
        for i, (role, item) in enumerate(zip(roles, evidence, strict=True))
        if role.role == "id" and role.name not in {*settings.ignore, *settings.describe}
    ]
    named = [rank for rank in candidates if rank[1]]
    if not candidates:
        return roles
    best = -max(named or candidates)[-1]
    return [replace(role, use="id") if i == best else role for i, role in enumerate(roles)]


# --- what a column is used for -----------------------------------------------------------------


def _used(role: ColumnRole, item: Evidence, settings: Settings) -> tuple[ColumnRole, list[Finding]]:
    """Return the role with the use that the settings give it, and what that means."""
    name = role.name
    if name in settings.features:
        return _forced_feature(role, item)
    if name in settings.ignore:
        return replace(role, use="ignore", forced=True), []
    if name in settings.describe:
        if role.role in ("unusable", "constant"):
            return role, [_left_out(role, "describe")]
        return replace(role, use="describe", forced=True), []
    if settings.features and role.use == "feature":
        reason = f"{role.reason}; not among the features asked for"
        return replace(role, use="describe", reason=reason), []
    return role, []


def _with_labels_describing(roles: Sequence[ColumnRole]) -> list[ColumnRole]:
    """Let categories describe, unless the user forced them or the numbers are too few."""
    numbers = sum(role.use == "feature" and role.role == "number" for role in roles)
    if numbers < ENOUGH_NUMBERS:
        return list(roles)
    reason = "beside numbers, labels describe the segments unless asked to form them"
    return [
        replace(role, use="describe", reason=f"{role.reason}; {reason}")
        if role.role == "category" and role.use == "feature" and not role.forced
        else role
        for role in roles
    ]


def _forced_feature(role: ColumnRole, item: Evidence) -> tuple[ColumnRole, list[Finding]]:
    numeric = item.column.is_number
    if role.role in ("unusable", "constant"):
        return replace(role, forced=True), [_left_out(role, "features")]
    if role.role in ("number", "date"):
        return replace(role, use="feature", forced=True), []
    if not numeric and item.distinct > MOST_LEVELS:
        raise DataError(
            f"The column {role.name!r} cannot be a feature",
            found=f"{item.distinct:,} different texts",
            allowed=f"numbers, or at most {MOST_LEVELS} different texts",
            hint="leave it out of 'features', or group its values in the source",
        )
    kept: Role = "number" if numeric else "category"
    decided = replace(role, role=kept, use="feature", forced=True)
    if role.role == "category":
        flag = numeric and (item.low, item.high, item.distinct) == (0.0, 1.0, 2)
        if not numeric or flag:
            return replace(decided, role="category"), []
        if _says_codes(role.name) and item.distinct <= MOST_LEVELS:
            return replace(decided, role="category"), [_codes_as_categories(role)]
        return decided, [_codes_as_amounts(role)]
    return decided, [_odd_feature(role)]


def _left_out(role: ColumnRole, setting: str) -> Finding:
    return Finding(
        level="problem",
        code="column-left-out",
        where=role.name,
        evidence=f"The setting '{setting}' names it, but it cannot be used: {role.reason}.",
        advice=f"Leave it out of '{setting}'.",
    )


def _codes_as_categories(role: ColumnRole) -> Finding:
    return Finding(
        level="note",
        code="codes-as-categories",
        where=role.name,
        evidence=f"It looks like codes ({role.reason}), so every code forms segments as a category "
        "of its own: code 3 is no more than code 1, only another one.",
        advice="Give the column a name that says what it measures if its numbers are amounts.",
    )


def _codes_as_amounts(role: ColumnRole) -> Finding:
    return Finding(
        level="warning",
        code="codes-as-amounts",
        where=role.name,
        evidence=f"It looks like codes ({role.reason}), and is used as amounts because it was "
        "asked for: code 3 then counts as three times code 1.",
        advice="Write the codes as words in the source to use them as categories.",
    )


def _odd_feature(role: ColumnRole) -> Finding:
    what = {"id": "an id", "personal": "personal data", "text": "free text"}[role.role]
    return Finding(
        level="warning",
        code=f"{role.role}-as-feature",
        where=role.name,
        evidence=f"It looks like {what} ({role.reason}), and forms segments because it was asked "
        "for.",
        advice="Leave it out of 'features' unless its values really describe customers.",
    )


# --- findings on the id ------------------------------------------------------------------------


def _id_findings(
    table: Table, roles: Sequence[ColumnRole], evidence: Sequence[Evidence]
) -> list[Finding]:
    found = next(
        ((role, item) for role, item in zip(roles, evidence, strict=True) if role.use == "id"),
        None,
    )
    if found is None:
        return [
            Finding(
                level="note",
                code="no-id",
                where="id",
                evidence="No column identifies the customers; the number of the row does.",
                advice="Name the column with the setting 'id' if there is one.",
            )
        ]
    role, item = found
    findings = []
    if item.missing:
        findings.append(_missing_ids(role, item))
    if item.distinct < item.present:
        findings.append(_duplicate_ids(table, role, item))
    decimal = sum(value.endswith(".0") for value in item.sample)
    if item.sample and decimal > 0.9 * len(item.sample):
        findings.append(_decimal_ids(role, item))
    return findings


def _missing_ids(role: ColumnRole, item: Evidence) -> Finding:
    return Finding(
        level="warning",
        code="missing-ids",
        where=role.name,
        evidence=f"{item.missing:,} of {item.rows:,} rows have no id; they are kept, with an "
        "empty id.",
        advice="Remove them from the source if they are no customers.",
    )


def _duplicate_ids(table: Table, role: ColumnRole, item: Evidence) -> Finding:
    repeated = [(value, n) for value, n in table.levels(role.name, 5) if n > 1]
    listed = ", ".join(f"{value!r} {n:,} times" for value, n in repeated)
    extra = item.present - item.distinct
    log = item.distinct < ORDER_LOG_SHARE * item.present
    return Finding(
        level="problem" if log else "warning",
        code="duplicate-ids",
        where=role.name,
        evidence=f"{extra:,} rows repeat the id of an earlier row ({listed}). Every row is kept "
        "and counts as a customer of its own.",
        advice="This looks like a list of orders: sum it up to one row per customer first."
        if log
        else "Remove repeated rows from the source if a customer must count once.",
    )


def _decimal_ids(role: ColumnRole, item: Evidence) -> Finding:
    return Finding(
        level="note",
        code="decimal-ids",
        where=role.name,
        evidence=f"Ids are written with a decimal point, such as {item.sample[0]!r}, and are kept "
        "as written.",
    )


def _no_feature(table: Table, roles: Sequence[ColumnRole]) -> DataError:
    seen = "; ".join(f"{role.name}: {role.reason}" for role in roles[:8])
    return DataError(
        "No column can form segments" if table.n_rows > 1 else "The table has a single row",
        where=table.name,
        found=seen,
        allowed="at least one column of numbers or categories",
        hint="name columns with the setting 'features'",
    )
