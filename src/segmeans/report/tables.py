"""Records as tables of text: what the screen, a page and a notebook lay out, each in its way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from segmeans.plain import plain_date, plain_number, plain_numbers, plain_share
from segmeans.records import (
    ColumnRole,
    FeatureState,
    KRow,
    PreparationState,
    ProfileRow,
    StudyRecord,
)
from segmeans.segments.levels import is_question, levels_of, told
from segmeans.segments.markers import speaks
from segmeans.segments.words import feature_words, plain_text, shorten
from segmeans.shown import aligned, html_table


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of a table of text.

    Parameters
    ----------
    header : str
    cells : tuple of str
        One line of plain text each; what came from the data is disarmed but not yet escaped.
    align : {"left", "right"}
    rank : int
        Where room is short, columns of a higher rank go first; rank 0 always stays.
    """

    header: str
    cells: tuple[str, ...]
    align: Literal["left", "right"] = "right"
    rank: int = 0

    @property
    def width(self) -> int:
        """The least width at which no cell and no word of the header is broken."""
        words = self.header.split() or [""]
        return max(map(len, (*words, *self.cells)))


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of text, its columns from left to right.

    Parameters
    ----------
    columns : tuple of Column
    chosen : int, optional
        The row that stands out, counted from 0.
    """

    columns: tuple[Column, ...]
    chosen: int | None = None

    def within(self, width: int, *, gap: int = 2, flexible: int = 20) -> TextTable:
        """Leave out the columns of the highest ranks until the rest fits.

        Parameters
        ----------
        width : int
            Characters there are.
        gap : int, default=2
            Characters between two columns.
        flexible : int, default=20
            Left-aligned columns may be wrapped down to this width.
        """
        kept = list(self.columns)

        def needed() -> int:
            return sum(
                gap + (min(column.width, flexible) if column.align == "left" else column.width)
                for column in kept
            )

        while needed() > width and max(column.rank for column in kept) > 0:
            rank = max(column.rank for column in kept)
            del kept[max(i for i, column in enumerate(kept) if column.rank == rank)]
        return TextTable(tuple(kept), self.chosen)

    def __str__(self) -> str:
        return "\n".join(aligned(self._rows(), self._sides()))

    def _repr_html_(self) -> str:
        """Return the table for a notebook, the chosen row in bold; everything is escaped."""
        rows = self._rows()
        styles = ["; font-weight: bold; white-space: normal"] + [
            f"; font-weight: {'bold' if place == self.chosen else 'normal'}; white-space: nowrap"
            for place in range(len(rows) - 1)
        ]
        return html_table(rows, self._sides(), styles)

    def _rows(self) -> list[tuple[str, ...]]:
        columns = [(column.header.replace("- ", "-"), *column.cells) for column in self.columns]
        return list(zip(*columns, strict=True))

    def _sides(self) -> list[str]:
        return [column.align for column in self.columns]


def segment_table(record: StudyRecord) -> TextTable:
    """Return one row per segment: name, size, certainty and typical values in plain units.

    Features are ranked by how much they set any segment apart.
    """
    segments = record.segments
    columns = [
        Column(header="", cells=tuple(str(segment.number) for segment in segments)),
        Column(
            header="segment",
            cells=tuple(plain_text(segment.name) for segment in segments),
            align="left",
        ),
        Column(header="customers", cells=tuple(f"{segment.size:,}" for segment in segments)),
        Column(header="share", cells=tuple(plain_share(segment.share) for segment in segments)),
    ]
    if len(segments) > 1:
        certainties = tuple(f"{segment.certainty:.2f}" for segment in segments)
        columns.append(Column(header="certainty", cells=certainties, rank=1))
    features = list(segments[0].centre) if segments else []
    ranks = {name: rank for rank, name in enumerate(telling_features(record), start=2)}
    words = feature_words(features)
    for name in features:
        cells = _common_levels(record, name) or _values([s.centre[name] for s in segments])
        columns.append(Column(header=words[name], cells=cells, rank=ranks.get(name, 99)))
    return TextTable(tuple(columns))


def _common_levels(record: StudyRecord, feature: str) -> tuple[str, ...]:
    """Return the most common level of a category per segment, with its share; or that of yes."""
    levels = levels_of(record.profile).get(feature, ())
    if len(levels) == 2 and is_question(levels):
        return tuple(
            f"{plain_share(row.share, 0)} yes"
            if speaks(row)
            else f"unknown {plain_share(row.missing, 0)}"
            for row in told(record.profile)
            if row.feature == feature
        )
    common: dict[int, ProfileRow] = {}
    for row in record.profile:
        if row.feature == feature and row.share is not None:
            best = common.setdefault(row.segment, row)
            if row.share > (best.share or 0.0):
                common[row.segment] = row
    return tuple(
        f"{shorten(plain_text(row.level), 12)} {plain_share(row.share or 0.0, 0)}"
        if speaks(row)
        else f"unknown {plain_share(row.missing, 0)}"
        for row in common.values()
    )


def _values(values: Sequence[float | str]) -> tuple[str, ...]:
    """Write the typical values of one feature: numbers alike, texts (dates) as they are."""
    numbers = plain_numbers([None if isinstance(value, str) else value for value in values])
    return tuple(
        shorten(plain_text(value), 16) if isinstance(value, str) else number
        for value, number in zip(values, numbers, strict=True)
    )


def telling_features(record: StudyRecord) -> list[str]:
    """Return the features that formed the segments, the one that sets any apart most first."""
    strongest: dict[str, float] = {}
    for row in record.profile:
        if row.role == "feature":
            strongest[row.feature] = max(strongest.get(row.feature, 0.0), abs(row.effect))
    return sorted(strongest, key=lambda name: -strongest[name])


def k_table(record: StudyRecord) -> TextTable:
    """Return one row per number of segments, with the evidence for it.

    *Found again* is the share of resamples with the least steady segment; *borders* say how busy
    they are relative to tables without segments.
    """
    rows = record.k_table
    customers = record.funnel.assigned

    def column(header: str, say: Callable[[KRow], str], rank: int = 0) -> Column:
        return Column(header=header, cells=tuple(map(say, rows)), rank=rank)

    def three(value: float | None) -> str:
        return "-" if value is None else f"{value:.3f}"

    columns = [
        column("k", lambda row: str(row.k)),
        Column(header="inertia", cells=tuple(plain_numbers([row.inertia for row in rows]))),
        column("explained", lambda row: plain_share(row.explained), 3),
        column("silhouette", lambda row: three(row.silhouette)),
        column("found again", _found_again),
        column("borders", _borders),
        Column(
            header="Calinski- Harabasz",
            cells=tuple(plain_numbers([row.calinski_harabasz for row in rows])),
            rank=5,
        ),
        column("Davies- Bouldin", lambda row: three(row.davies_bouldin), 4),
        column("smallest", lambda row: plain_share(min(row.sizes) / max(customers, 1)), 2),
        column("search", _proof, 1),
        _left("", [_standing(row, record) for row in rows]),
    ]
    chosen = next((place for place, row in enumerate(rows) if row.k == record.k), None)
    return TextTable(tuple(columns), chosen)


def _found_again(row: KRow) -> str:
    score = row.scores.get("recovered")
    return "-" if score is None else plain_share(score.value)


def _borders(row: KRow) -> str:
    score, null = row.scores.get("border"), row.scores.get("border_null")
    return "-" if score is None or null is None else f"{score.value / (null.value or 1.0):.2f}"


def _proof(row: KRow) -> str:
    if row.certificate is None:
        return "-"
    return "proven" if row.certificate.certified else "not proven"


def _standing(row: KRow, record: StudyRecord) -> str:
    """Say what a number of segments is in the verdict."""
    verdict = record.verdict
    standings = {
        "recommended": row.k == verdict.recommended_k,
        "shown": row.k == record.k != verdict.recommended_k,
        "runner-up": row.k == verdict.runner_up,
        "near-tie": row.k in verdict.near_ties,
        "elbow": row.k == verdict.elbow,
    }
    return ", ".join(name for name, holds in standings.items() if holds)


def role_table(roles: Sequence[ColumnRole]) -> TextTable:
    """Return one row per column of the source: what it is, what it is used for, and why."""
    return TextTable(
        (
            _left("column", [shorten(plain_text(role.name)) for role in roles]),
            _left("is", [role.role for role in roles]),
            _left("used as", [USES[role.use] + ("*" if role.forced else "") for role in roles]),
            Column(header="missing", cells=tuple(f"{role.missing:,}" for role in roles), rank=1),
            Column(header="distinct", cells=tuple(f"{role.distinct:,}" for role in roles), rank=2),
            _left("why", [plain_text(role.reason) for role in roles]),
        )
    )


USES = {"id": "id", "feature": "feature", "describe": "description", "ignore": "-"}


def preparation_table(state: PreparationState) -> TextTable:
    """Return one row per feature: what was done to it, before and after."""
    features = state.features
    words = feature_words(feature.column for feature in features)
    return TextTable(
        (
            _left("feature", [words[feature.column] for feature in features]),
            Column(
                header="missing",
                cells=tuple(plain_share(feature.missing_share) for feature in features),
                rank=2,
            ),
            _left("done", [_done(feature) for feature in features]),
            _change("skew", features, rank=1),
            _change("mean", features, rank=3),
            _change("std", features, rank=4),
            Column(header="weight", cells=tuple(plain_number(f.weight) for f in features), rank=5),
        )
    )


def _left(header: str, cells: Sequence[str]) -> Column:
    return Column(header=header, cells=tuple(cells), align="left")


def _done(feature: FeatureState) -> str:
    if feature.kind == "category":
        levels = len(feature.levels)
        pooled = f", {len(feature.pooled)} rare ones pooled" if feature.pooled else ""
        return f"{levels} {'level' if levels == 1 else 'levels'}{pooled}"
    steps = _caps(feature)
    if feature.transform == "yeo-johnson":
        steps.append(f"Yeo-Johnson {plain_number(feature.exponent)}")
    elif feature.transform != "none":
        steps.append("log" if feature.transform == "log" else "log(1 + x)")
    return ", ".join(steps) or "as it is"


def _caps(feature: FeatureState) -> list[str]:
    """Say the caps that some value exceeds."""
    say = plain_date if feature.kind == "date" else plain_number
    low, high = feature.low, feature.high
    if low is not None and low <= feature.before.get("min", -math.inf):
        low = None
    if high is not None and high >= feature.before.get("max", math.inf):
        high = None
    if low is not None and high is not None:
        return [f"capped to {say(low)} ... {say(high)}"]
    if low is not None:
        return [f"raised to {say(low)}"]
    return [f"capped at {say(high)}"] if high is not None else []


def _change(measure: str, features: Sequence[FeatureState], *, rank: int) -> Column:
    cells = []
    for feature in features:
        before, after = feature.before.get(measure), feature.after.get(measure)
        said = plain_number(before)
        now = said if after is None else plain_number(after)
        cells.append(said if now == said else f"{said} > {now}")
    return Column(header=measure, cells=tuple(cells), rank=rank)
