"""The findings of preparation, each with its numbers and what to do about it."""

from __future__ import annotations

from segmeans.plain import plain_share
from segmeans.preparation.numbers import written_date
from segmeans.records import FeatureState, Finding

#: From this share of missing values on, what stands in for them shapes the segments.
MUCH_MISSING = 0.2
MANY_LEVELS = 50


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def rows_set_aside(count: int, rows: int, rule: str) -> Finding:
    """Tell how many rows take no part."""
    return Finding(
        level="warning",
        code="rows-set-aside",
        where="rows",
        evidence=f"Set aside: {count:,} of {rows:,} rows, because {rule}.",
        advice="They are listed as unscored. Raise 'max_missing' or fill the gaps to include them.",
    )


def missing_values(feature: FeatureState, count: int, rows: int, dropped: bool) -> Finding:
    """Tell how many values are missing and what stands in for them."""
    if dropped:
        stands_in = "These rows are set aside."
    elif feature.kind == "category":
        stands_in = "That is a level of its own."
    elif feature.kind == "date":
        stands_in = f"{written_date(feature.fill or 0.0)} stands in for them."
    else:
        stands_in = f"{feature.fill:g} stands in for them."
    share = count / rows
    return Finding(
        level="warning" if share > MUCH_MISSING else "note",
        code="missing-values",
        where=feature.column,
        evidence=f"Without a value: {count:,} of {rows:,} rows ({plain_share(share)}). {stands_in}",
        advice="Leave the column out with 'ignore' if the gaps mean nothing."
        if share > MUCH_MISSING
        else "",
    )


def infinite_values(column: str, count: int) -> Finding:
    """Tell how many numbers are not finite."""
    return Finding(
        level="warning",
        code="infinite-values",
        where=column,
        evidence=f"{_counted(count, 'value')} infinite or not a number, counted as missing.",
        advice="Look where the column is computed: a division by zero is the usual cause.",
    )


def left_out(column: str, reason: str) -> Finding:
    """Tell why a column is no feature after all."""
    return Finding(
        level="warning",
        code="feature-left-out",
        where=column,
        evidence=f"The column is left out: {reason}.",
        advice="A column without differences cannot tell customers apart.",
    )


def transform_replaced(column: str, wanted: str, used: str, low: float) -> Finding:
    """Tell that a logarithm was asked for where there is none."""
    return Finding(
        level="warning",
        code="transform-replaced",
        where=column,
        evidence=f"'{wanted}' needs larger values, the smallest is {low:g}; '{used}' is used.",
        advice="Choose transform 'auto' to decide by each column's skew.",
    )


def capped_values(feature: FeatureState, below: int, above: int) -> Finding:
    """Tell how many values are set to the caps."""
    parts = []
    for count, side, cap in ((below, "below", feature.low), (above, "above", feature.high)):
        if count and cap is not None:
            shown = written_date(cap) if feature.kind == "date" else f"{cap:,.6g}"
            parts.append(f"{_counted(count, 'value')} {side} {shown}")
    return Finding(
        level="note",
        code="capped-values",
        where=feature.column,
        evidence=f"Far out and set to the cap: {' and '.join(parts)}.",
        advice="Keep them as they are with outliers 'keep'.",
    )


def far_out_kept(column: str, count: int, transform: str) -> Finding:
    """Tell that values lie far out only after the transform."""
    return Finding(
        level="note",
        code="far-out-after-transform",
        where=column,
        evidence=f"{_counted(count, 'value')} far out after '{transform}', but not in the column's "
        "own units, kept.",
        advice="If they are no real values, clean them; else try transform 'none' or 'log1p'.",
    )


def hardly_varies(column: str) -> Finding:
    """Tell that nearly all values are one value."""
    return Finding(
        level="note",
        code="hardly-varies",
        where=column,
        evidence="At least nine of ten values are the same; no cap can be told from the rest.",
        advice="A yes/no column may say more: has the customer any at all?",
    )


def levels_pooled(feature: FeatureState, kept: int, pooled: int) -> Finding:
    """Tell which rare levels share one level."""
    named = ", ".join(feature.pooled[:10])
    more = f" and {pooled - 10:,} more" if pooled > 10 else ""
    return Finding(
        level="note",
        code="levels-pooled",
        where=feature.column,
        evidence=f"{kept} levels are kept, {pooled:,} rare ones are pooled: {named}{more}.",
        advice="Group the levels yourself if the pooled ones matter.",
    )


def many_levels(column: str, levels: int) -> Finding:
    """Tell that a category has too many levels to mean something."""
    return Finding(
        level="warning",
        code="many-levels",
        where=column,
        evidence=f"The category has {levels:,} levels.",
        advice="Group them, or use the column with 'describe' only.",
    )


def scale_replaced(column: str) -> Finding:
    """Tell that the quartiles coincide, so that robust scaling has no width."""
    return Finding(
        level="note",
        code="scale-replaced",
        where=column,
        evidence="The quartiles coincide; the standard deviation is the scale instead.",
    )
