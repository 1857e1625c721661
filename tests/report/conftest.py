"""Small studies made from arrays, with a plain k-means of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import segmeans
from segmeans.prepared import CustomerSample
from segmeans.records import (
    Certificate,
    ColumnRole,
    FeatureState,
    Finding,
    Funnel,
    KRow,
    PreparationState,
    ProfileRow,
    Segment,
    SourceInfo,
    Strand,
    StudyRecord,
    Verdict,
)
from segmeans.segments.markers import markers
from segmeans.segments.names import names, segment_ids
from segmeans.segments.profile import Column, Groups, category_rows, number_rows

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[np.float64] | list[str]]

MALL = ("Annual Income (k$)", "Spending Score (1-100)")


@dataclass(frozen=True)
class SmallStudy:
    """What the figures need of a study."""

    record: StudyRecord
    sample: CustomerSample
    commerce: Any = None


def squared(rows: Floats, centres: Floats) -> Floats:
    """Return the squared distances of rows to centres."""
    return np.asarray(((rows[:, None, :] - centres[None]) ** 2).sum(axis=2))


def lloyd(rows: Floats, k: int, *, starts: int = 12) -> tuple[float, NDArray[np.int32]]:
    """Return the least inertia of a few random starts, and the labels, the largest first."""
    draw = np.random.default_rng(k)
    best, labels = np.inf, np.zeros(len(rows), dtype=np.int32)
    for _ in range(starts):
        centres = rows[draw.choice(len(rows), k, replace=False)]
        for _ in range(60):
            near = squared(rows, centres).argmin(axis=1)
            centres = np.array(
                [rows[near == j].mean(axis=0) if (near == j).any() else rows[j] for j in range(k)]
            )
        distances = squared(rows, centres)
        if distances.min(axis=1).sum() < best:
            best, labels = float(distances.min(axis=1).sum()), distances.argmin(axis=1)
    order = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
    return best, np.argsort(order).astype(np.int32)[labels]


def silhouettes(rows: Floats, labels: NDArray[np.int32], k: int) -> Floats:
    """Return the silhouette of every row, by definition."""
    distances = np.sqrt(squared(rows, rows))
    sums = np.stack([distances[:, labels == j].sum(axis=1) for j in range(k)], axis=1)
    sizes = np.bincount(labels, minlength=k)
    own = sums[np.arange(len(rows)), labels] / np.maximum(sizes[labels] - 1, 1)
    means = sums / np.maximum(sizes, 1)
    means[np.arange(len(rows)), labels] = np.inf
    other = means.min(axis=1)
    return np.asarray(np.where(sizes[labels] > 1, (other - own) / np.maximum(other, own), 0.0))


def make_study(
    columns: Columns,
    k: int,
    *,
    recommended: int | None = None,
    ks: int = 8,
    logs: bool = False,
    describe: Columns | None = None,
    elbow: int | None = None,
    structure: str = "natural",
) -> SmallStudy:
    """Cluster columns, numbers or texts, into a study."""
    states, blocks, prepared_names = [], [], []
    for name, values in columns.items():
        if isinstance(values, list):
            levels = sorted(set(values))
            shown = levels[1:] if len(levels) == 2 else levels
            matrix = np.array([[float(value == level) for level in shown] for value in values])
            block = (matrix - matrix.mean(axis=0)) / 0.5 / len(shown) ** 0.5
            states.append(FeatureState(column=name, kind="category", levels=tuple(levels)))
            prepared_names += [f"{name} = {level}" for level in shown]
        else:
            scaled = np.log(values) if logs else values
            block = ((scaled - scaled.mean()) / scaled.std())[:, None]
            states.append(
                FeatureState(
                    column=name,
                    kind="number",
                    transform="log" if logs else "none",
                    low=float(values.min()),
                    high=float(np.quantile(values, 0.99)),
                    centre=float(scaled.mean()),
                    scale=float(scaled.std()),
                    before={
                        "mean": float(values.mean()),
                        "std": float(values.std()),
                        "skew": 1.2,
                        "min": float(values.min()),
                        "max": float(values.max()),
                    },
                    after={"mean": 0.0, "std": 1.0, "skew": 0.1},
                )
            )
            prepared_names.append(name)
        blocks.append(block)
    prepared = np.hstack(blocks)
    table, everyone = [], 0.0
    chosen = lloyd(prepared, k)[1]
    found: dict[int, NDArray[np.int32]] = {}
    for number in range(1, ks + 1):
        inertia, labels = lloyd(prepared, number)
        found[number] = labels
        everyone = everyone or inertia
        table.append(_k_row(prepared, number, inertia, everyone, labels))
    recommended = recommended or k
    profile = _profile(columns, describe or {}, chosen, k, logs)
    bands = silhouettes(prepared, chosen, k) if k > 1 else np.zeros(len(prepared))
    record = StudyRecord(
        schema=1,
        versions={"segmeans": "0"},
        engine="reference",
        seed=0,
        settings={"out": "results"},
        resolved={},
        source=SourceInfo(
            name="customers.csv",
            kind="csv",
            rows=len(prepared) + 2,
            columns=len(columns) + 1,
            fingerprint="00",
            details={"separator": ","},
        ),
        funnel=Funnel(
            rows=len(prepared) + 2, assigned=len(prepared), unscored={"too many missing": 2}
        ),
        findings=(
            Finding(
                level="note",
                code="decimal-comma",
                where="customers.csv",
                evidence="Numbers are written with a decimal comma.",
            ),
            Finding(
                level="warning",
                code="outliers",
                where=next(iter(columns)),
                evidence="Three values lie far outside.",
                advice="Check them.",
            ),
        ),
        roles=tuple(
            ColumnRole(
                name=name,
                type="DOUBLE",
                role="category" if isinstance(values, list) else "number",
                use="feature",
                reason="numbers of 84 different sizes",
                distinct=84,
            )
            for name, values in columns.items()
        ),
        preparation=PreparationState(
            features=tuple(states),
            scale="standard",
            missing="median",
            max_missing=0.5,
            rows_used=len(prepared),
            rows_set_aside=2,
        ),
        recommended_k=recommended,
        k=k,
        k_table=tuple(table),
        verdict=Verdict(
            recommended_k=recommended,
            structure=structure,  # type: ignore[arg-type]
            reasons=(
                f"At k = {recommended} customers are closest to their own segment.",
                "New samples find the same segments.",
            ),
            runner_up=3 if recommended != 3 else 4,
            sure="high",
            elbow=elbow,
        ),
        segments=_segments(columns, profile, chosen, k),
        centres=tuple(
            tuple(prepared[chosen == segment].mean(axis=0).tolist()) for segment in range(k)
        ),
        profile=profile,
        strands=tuple(
            Strand(k=low, origin=i + 1, target=j + 1, segment=s + 1, customers=count)
            for low in range(2, ks)
            for (i, j, s), count in sorted(
                Counter(
                    zip(found[low].tolist(), found[low + 1].tolist(), chosen.tolist(), strict=True)
                ).items()
            )
        ),
    )
    sample = CustomerSample(
        prepared=prepared,
        names=tuple(prepared_names),
        units={name: v for name, v in columns.items() if not isinstance(v, list)},
        labels=chosen,
        silhouettes=bands,
        shadows=np.clip(1 - bands, 0, 1),
        customers=len(prepared),
    )
    return SmallStudy(record, sample)


def _k_row(
    prepared: Floats, k: int, inertia: float, everyone: float, labels: NDArray[np.int32]
) -> KRow:
    silhouette = float(silhouettes(prepared, labels, k).mean()) if k > 1 else None
    return KRow(
        k=k,
        inertia=inertia,
        explained=1 - inertia / everyone,
        sizes=tuple(np.bincount(labels, minlength=k).tolist()),
        silhouette=silhouette,
        calinski_harabasz=248.6493 if k > 1 else None,
        davies_bouldin=0.5722 if k > 1 else None,
        certificate=Certificate(
            k=k,
            starts=64,
            hits=32,
            distinct=3,
            gap=0.01,
            ari_next=0.9,
            chance_better=0.0,
            full_passes=2,
            converged=True,
            certified=k < 7,
            reason="found again and again",
        ),
    )


def _profile(
    columns: Columns, describe: Columns, labels: NDArray[np.int32], k: int, logs: bool
) -> tuple[ProfileRow, ...]:
    groups, rows = Groups.of(labels, k), []
    for role, part in (("feature", columns), ("describe", describe)):
        for name, values in part.items():
            if isinstance(values, list):
                levels = sorted(set(values))
                codes = np.array([levels.index(value) for value in values])
                column = Column(name, "category", role)  # type: ignore[arg-type]
                rows += category_rows(column, codes, levels, groups)
            else:
                column = Column(name, "number", role)  # type: ignore[arg-type]
                scaled = np.log(values) if logs else values
                rows += number_rows(column, values, groups, scaled=scaled)
    return tuple(sorted(rows, key=lambda row: row.segment))


def _segments(
    columns: Columns,
    profile: tuple[ProfileRow, ...],
    labels: NDArray[np.int32],
    k: int,
) -> tuple[Segment, ...]:
    found, named, ids = markers(profile), names(profile, k), segment_ids(profile, k)
    segments = []
    for segment in range(k):
        inside = labels == segment
        centre: dict[str, float | str] = {
            name: max(set(values), key=[v for v, i in zip(values, inside, strict=True) if i].count)
            if isinstance(values, list)
            else float(values[inside].mean())
            for name, values in columns.items()
        }
        segments.append(
            Segment(
                number=segment + 1,
                id=ids[segment],
                name=named[segment],
                size=int(inside.sum()),
                share=float(inside.mean()),
                centre=centre,
                markers=found[segment + 1],
                certainty=0.62,
            )
        )
    return tuple(segments)


def market(n: int, p: int, k: int, *, seed: int = 1, spread: float = 2.2) -> dict[str, Floats]:
    """Make up a market of k round segments in p positive features."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(scale=spread, size=(k, p))
    rows = centres[draw.integers(0, k, n)] + draw.normal(size=(n, p))
    return {f"feature_{i + 1}": np.exp(rows[:, i] / 3) * 100 for i in range(p)}


@pytest.fixture(scope="session")
def five() -> SmallStudy:
    """Return five clear segments of income and spending, as in the classic mall table."""
    draw = np.random.default_rng(5)
    middles = [(55, 50, 80), (87, 82, 40), (88, 17, 35), (26, 21, 23), (26, 79, 22)]
    rows = np.vstack([draw.normal(m[:2], 7, size=(m[2], 2)) for m in middles])
    return make_study({MALL[0]: rows[:, 0], MALL[1]: rows[:, 1]}, 5, elbow=5)


@pytest.fixture(scope="session")
def nine() -> SmallStudy:
    """Return nine segments in twelve features."""
    return make_study({**market(600, 12, 9)}, 9, recommended=9, ks=10)


@pytest.fixture(scope="session")
def mixed() -> SmallStudy:
    """Return segments of numbers and categories under hostile names."""
    draw = np.random.default_rng(3)
    which = draw.integers(0, 3, 240)
    return make_study(
        {
            "<script>alert(1)</script> [red]$x_1$": draw.normal(which * 4.0, 1.0),
            "net income 💶 " + "very " * 60 + "long": draw.normal(which * -3.0, 1.0),
            "الدخل": draw.normal(size=240),
            "plan\n\x1b[31m": [("S", "[bold]M", "=cmd|' /C calc'!A0")[w] for w in which],
        },
        3,
        describe={"Age": draw.normal(40.0, 9.0, 240)},
    )


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "formula": "=cmd|' /C calc'!A0",
    "emoji": "\N{BANKNOTE WITH EURO SIGN} spend",
    "long": "annual " + "very " * 56 + "long name",
    "right to left": "الدخل السنوي",
}


def hostile_table(n: int = 240) -> dict[str, NDArray[np.float64] | list[str]]:
    """Return three segments under names, and with levels, that mean harm."""
    draw = np.random.default_rng(3)
    which = draw.integers(0, 3, n)
    levels = (HOSTILE["formula"], HOSTILE["script"], "שלום \N{PARTY POPPER}")
    return {
        HOSTILE["script"]: draw.normal(which * 4.0, 1.0),
        HOSTILE["emoji"]: draw.normal(which * -3.0, 1.0),
        HOSTILE["long"]: draw.normal(which * 2.0, 1.0),
        HOSTILE["right to left"]: draw.normal(size=n),
        HOSTILE["formula"]: [levels[place] for place in which],
    }


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a whole study of :func:`hostile_table`, its source called alike."""
    import csv

    table = hostile_table()
    source = tmp_path_factory.mktemp("hostile") / "=1+1<b>.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *table])
        writer.writerows(
            [f"=HYPERLINK({place})", *row]
            for place, row in enumerate(zip(*table.values(), strict=True))
        )
    out = tmp_path_factory.mktemp("out") / "study"
    asked = {"k": 3, "id": "id", "features": list(table), "fast": True}
    with segmeans.segment(source, **asked) as study:
        segmeans.write(study, out)
    return out


@pytest.fixture(scope="session")
def nobody() -> SmallStudy:
    """Return a market without segments."""
    draw = np.random.default_rng(9)
    return make_study(
        {"income": draw.normal(50.0, 9.0, 300), "score": draw.normal(50.0, 9.0, 300)},
        1,
        structure="none",
    )


@pytest.fixture(scope="session")
def make_market() -> Callable[[int], SmallStudy]:
    """Return a maker of markets of k segments in four features."""
    return lambda k: make_study({**market(400, 4, k, seed=k)}, k, ks=4)


@pytest.fixture(scope="session")
def make() -> Callable[..., SmallStudy]:
    """Return :func:`make_study`."""
    return make_study
