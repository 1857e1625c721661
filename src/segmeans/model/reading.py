"""A model file is read as hostile: nothing in it is used before all of it has been checked."""

from __future__ import annotations

import dataclasses
import math
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segmeans import preparation
from segmeans.errors import SourceError
from segmeans.model.calibration import CERTAINTIES, DISTANCES
from segmeans.model.order_faults import order_faults
from segmeans.model.segmentation import Model
from segmeans.preparation import categories, numbers
from segmeans.preparation.transforms import EXPONENTS, LARGEST
from segmeans.records import FeatureState, ModelRecord, ModelSegment
from segmeans.tables.formats import FORMS

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = 4
"""1: preparation, centres and names. 2: also certainty cut-offs, distances and values seen.
3: also how text was read. 4: also how customers were made from orders, and the RFM scale."""
MAX_BYTES = 10_000_000
MOST_LEVELS = 1_000
LONGEST_NAME = 10_000
FAR = 1e150
"""Prepared numbers stay below this, so that their squares, added up, are still numbers."""


def load(path: str | Path) -> Model:
    """Read a ``model.json``.

    Parameters
    ----------
    path : str or Path
        The file; it may come from anywhere.

    Returns
    -------
    Model

    Raises
    ------
    SourceError
        When the file is missing, too large, no model, of a newer schema, or inconsistent.
    """
    from pydantic import ValidationError

    path = Path(path)
    content = _content(path)
    try:
        record = _adapter().validate_json(content, strict=True)
    except ValidationError as error:
        newer = _schema_of(content)
        if newer is not None and newer > SCHEMA:
            raise _unfit(path, _later(newer)) from None
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:200] or "the whole file"
        raise SourceError(
            "The file is no model of segmeans",
            where=f"{path}, {place}",
            found=first["msg"][:500],
            allowed=f"a model.json of schema 1 to {SCHEMA}",
        ) from None
    for fault in faults(record):
        raise _unfit(path, fault)
    return Model(record)


@cache
def _adapter() -> TypeAdapter[ModelRecord]:
    from pydantic import TypeAdapter

    return TypeAdapter(ModelRecord)


def _content(path: Path) -> bytes:
    """Return the bytes of a file, never more than allowed and never from a pipe or device."""
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise SourceError("The model is not a file", where=str(path), allowed="a model.json")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(
            "The model file cannot be opened", where=str(path), found=error.strerror or error
        ) from None
    except ValueError as error:  # a NUL in the name
        raise SourceError("This is no name of a file", found=repr(str(path))) from error
    if len(content) > MAX_BYTES:
        raise SourceError(
            "The model file is too large to be one of ours",
            where=str(path),
            found=f"{info.st_size:,} bytes",
            allowed=f"up to {MAX_BYTES:,} bytes",
        )
    return content


def _schema_of(content: bytes) -> int | None:
    """Return the schema a file says it has, where that can be read at all."""
    from pydantic_core import from_json

    try:
        values = from_json(content)
    except ValueError:
        return None
    schema = values.get("schema") if isinstance(values, dict) else None
    return schema if isinstance(schema, int) else None


def _later(schema: int) -> str:
    return f"schema {str(schema)[:20]}, of a later version of segmeans"


def _unfit(path: Path, fault: str) -> SourceError:
    return SourceError(
        "The model file does not fit together",
        where=str(path),
        found=fault,
        allowed=f"a model.json of schema 1 to {SCHEMA}",
        hint="write it anew with segmeans run",
    )


def faults(record: ModelRecord) -> Iterator[str]:
    """Yield what is wrong with a record; nothing if it can be used.

    Parameters
    ----------
    record : ModelRecord
        Of the right types; nothing else is taken for granted.

    Yields
    ------
    str
    """
    if record.schema > SCHEMA:
        yield _later(record.schema)
    elif record.schema < 1:
        yield "a schema below 1"
    if not all(map(math.isfinite, _numbers(record))):
        yield "a number that is not finite"
    yield from _text_faults(record)
    yield from _preparation_faults(record)
    yield from _centre_faults(record)
    yield from _segment_faults(record)
    yield from _seen_faults(record)
    if record.orders is not None:
        yield from order_faults(record.orders)


def _text_faults(record: ModelRecord) -> Iterator[str]:
    texts = [text for feature in record.preparation.features for text in feature.levels]
    texts += [feature.column for feature in record.preparation.features]
    texts += [segment.name for segment in record.segments]
    texts += [record.id_column] if record.id_column is not None else []
    if any("\x00" in text or len(text) > LONGEST_NAME for text in texts):
        yield "a name with a NUL in it, or too long"
    names = [feature.column for feature in record.preparation.features]
    if "" in names or record.id_column == "":
        yield "a column without a name"


def _preparation_faults(record: ModelRecord) -> Iterator[str]:
    state = record.preparation
    if not state.features:
        yield "no feature"
        return
    if _repeats(feature.column.casefold() for feature in state.features):
        yield "a feature that comes twice"
    if not 0.0 <= state.max_missing <= 1.0 or state.missing not in ("median", "mean", "drop"):
        yield "an unknown rule for missing values"
    for feature in state.features:
        for fault in _feature_faults(feature, filled=state.missing != "drop"):
            yield f"{fault} (feature {feature.column!r})"
            return
    if len(set(record.columns)) != len(record.columns):
        yield "a prepared column that comes twice"
    elif record.columns != preparation.columns(state):
        yield "columns that the preparation does not give"


def _feature_faults(feature: FeatureState, *, filled: bool) -> Iterator[str]:
    if feature.form and feature.form not in FORMS:
        yield "an unknown way to write values"
    elif not (feature.scale > 0.0 and feature.weight > 0.0):
        yield "a scale or weight that is not above 0"
    elif feature.kind == "category":
        yield from _category_faults(feature)
    else:
        yield from _number_faults(feature, filled=filled)


def _category_faults(feature: FeatureState) -> Iterator[str]:
    if not 1 <= len(feature.levels) <= MOST_LEVELS:
        yield f"{len(feature.levels):,} levels"
    elif _repeats(feature.levels):
        yield "a level that comes twice"
    elif len(feature.centres) != len(categories.columns(feature)):
        yield "another number of centres than of levels"
    else:
        with np.errstate(all="ignore"):
            if not np.all(np.abs(categories.positions(feature)) <= FAR):
                yield "a scale that leads out of range"


def _number_faults(feature: FeatureState, *, filled: bool) -> Iterator[str]:
    low, high = numbers.limits(feature)
    floor = {"log": 0.0, "log1p": -1.0}.get(feature.transform, -math.inf)
    exponent = 1.0 if feature.exponent is None else feature.exponent
    if filled and feature.fill is None:
        yield "nothing that stands in for a missing value"
    elif not -LARGEST <= low <= high <= LARGEST:
        yield "caps that leave no value"
    elif low <= floor:
        yield "a logarithm of values that have none"
    elif feature.fill is not None and not -LARGEST <= feature.fill <= LARGEST:
        yield "a stand-in for missing values out of range"
    elif not EXPONENTS[0] <= exponent <= EXPONENTS[1] or 0.0 < abs(exponent) < 1e-3:
        yield "an exponent out of range"
    else:
        reached = np.array([low, high, 0.5 * low + 0.5 * high])
        with np.errstate(all="ignore"):
            if not np.all(np.abs(numbers.prepared(feature, reached)) <= FAR):
                yield "a scale that leads out of range"


def _centre_faults(record: ModelRecord) -> Iterator[str]:
    if not record.centres:
        yield "no centre"
    if any(len(centre) != len(record.columns) for centre in record.centres):
        yield "centres of another width than the columns"
    if any(abs(value) > FAR for centre in record.centres for value in centre):
        yield "a centre out of range"


def _segment_faults(record: ModelRecord) -> Iterator[str]:
    if len(record.segments) != len(record.centres):
        yield "another number of segments than of centres"
    if [segment.number for segment in record.segments] != [*range(1, len(record.segments) + 1)]:
        yield "segments that are not numbered from 1"
    names, ids = [s.name for s in record.segments], [s.id for s in record.segments]
    if _repeats(names) or _repeats(ids) or "" in names:
        yield "segments without names or ids of their own"
    for segment in record.segments:
        if not 0.0 <= segment.share <= 1.0 or not 0 <= segment.size < 2**63:
            yield "a segment of an impossible size"
        if segment.spread is not None and not 0.0 <= segment.spread <= FAR:
            yield "an impossible spread of a segment"
        if not _ascending(segment, segment.distances):
            yield "distances that do not ascend"


def _ascending(segment: ModelSegment, values: tuple[float, ...]) -> bool:
    if not values:
        return True
    fits = len(values) == len(DISTANCES) and values[0] >= 0.0 and segment.spread is not None
    return fits and list(values) == sorted(values)


def _seen_faults(record: ModelRecord) -> Iterator[str]:
    cuts = record.certainty_cuts
    if cuts and (len(cuts) != len(CERTAINTIES) or list(cuts) != sorted(cuts)):
        yield "certainty cut-offs that do not ascend"
    features = record.preparation.features
    if record.seen and [one.column for one in record.seen] != [f.column for f in features]:
        yield "values seen of other columns than the features"
        return
    for one, feature in zip(record.seen, features, strict=False):
        bins = len(feature.levels) if feature.kind == "category" else len(one.edges)
        rising = all(low < high for low, high in zip(one.edges, one.edges[1:], strict=False))
        shares = all(0.0 <= share <= 1.0 for share in (*one.shares, one.missing))
        if len(one.shares) != bins + 1 or not rising or not shares:
            yield f"values seen that do not fit together (feature {one.column!r})"


def _repeats(texts: Iterable[str]) -> bool:
    listed = list(texts)
    return len(set(listed)) < len(listed)


def _numbers(value: Any) -> Iterator[float]:
    """Yield every number in a record, however deep."""
    if isinstance(value, float):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _numbers(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _numbers(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _numbers(item)
