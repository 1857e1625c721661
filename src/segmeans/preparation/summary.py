"""The preparation as a table for people, with before and after."""

from __future__ import annotations

from collections.abc import Callable

from segmeans.plain import plain_share
from segmeans.preparation.numbers import written_date
from segmeans.records import FeatureState, PreparationState

_TRANSFORMS = {"none": "", "log": "ln(x)", "log1p": "ln(1 + x)", "yeo-johnson": "Yeo-Johnson"}


def summary(state: PreparationState) -> tuple[dict[str, str], ...]:
    """Return one row of text per feature.

    Returns
    -------
    tuple of dict
        With the keys ``feature``, ``kind``, ``missing`` (share), ``fill`` (what stands in),
        ``transform``, ``caps`` (in the units of the column, with how many values they set),
        ``centre`` and ``scale`` (after the transform), ``skew`` (before and after), ``weight`` and
        ``note``. What does not apply is empty.
    """
    return tuple(_row(feature, state) for feature in state.features)


def _row(feature: FeatureState, state: PreparationState) -> dict[str, str]:
    row = {
        "feature": feature.column,
        "kind": feature.kind,
        "missing": plain_share(feature.missing_share) if feature.missing_share else "",
        "fill": "",
        "transform": "",
        "caps": "",
        "centre": "",
        "scale": "",
        "skew": "",
        "weight": f"{feature.weight:g}",
        "note": feature.note,
    }
    if feature.kind == "category":
        return row
    write = written_date if feature.kind == "date" else _written
    plain = feature.transform == "none"
    if feature.missing_share and feature.fill is not None and state.missing != "drop":
        row["fill"] = write(feature.fill)
    row["transform"] = _TRANSFORMS[feature.transform]
    if feature.exponent is not None:
        row["transform"] += f" {feature.exponent:g}"
    row["caps"] = _caps(feature, write)
    row["centre"] = write(feature.centre) if plain and feature.centre else _written(feature.centre)
    row["scale"] = _written(feature.scale)
    before, after = feature.before["skew"], feature.after["skew"]
    row["skew"] = f"{before:.2f} -> {after:.2f}" if before != after else f"{before:.2f}"
    return row


def _caps(feature: FeatureState, write: Callable[[float], str]) -> str:
    if feature.low is None and feature.high is None:
        return ""
    parts = []
    for side, cap, word in (("below", feature.low, "from"), ("above", feature.high, "to")):
        count = int(feature.after[side])
        if count and cap is not None:
            parts.append(f"{word} {write(cap)} ({count:,} set)")
    return ", ".join(parts) or "none reached"


def _written(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.5g}"
