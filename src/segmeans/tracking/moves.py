"""Who moved from where to where between periods.

Customers near a border change sides for no reason, as many one way as the other. A flow is beyond
that noise when it is larger than the flow back by more than chance allows: the exact test of
McNemar for each pair of segments, all pairs together held to one false alarm in a hundred.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segmeans.errors import SettingError, SourceError
from segmeans.records import Flow, Step, TrackRecord
from segmeans.tables.periods import Crossed, Periods
from segmeans.tracking.chance import ALPHA, adjusted, uneven


def track(
    sources: Sequence[Any],
    *,
    names: Sequence[str] | None = None,
    id_column: str | None = None,
    value: str | None = None,
    values: str | Path | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    threads: int | None = None,
) -> TrackRecord:
    """Follow customers through periods.

    Parameters
    ----------
    sources : sequence of str or Path
        Two or more files of segments, as ``segmeans run`` and ``segmeans score`` write them; the
        earliest first. A folder stands for the files and studies in it, in the order of their
        names (see :func:`history`). A mapping of columns, as ``Study.customers`` gives it, or a
        frame serves as well. Segments are the same when their names are.
    names : sequence of str, optional
        What the periods are called; by default as their files.
    id_column : str, optional
        The id; by default the first column of each file.
    value : str, optional
        Column with what a customer is worth, for sums beside the counts.
    values : str or Path, optional
        Another file with ids and that column; by default it is in the files of segments.
    out : str or Path, optional
        Write the previous and the current segment of every customer of the last two periods to
        this ``.csv`` or ``.parquet`` file.
    overwrite : bool, default=False
        Replace an existing file.
    threads : int, optional
        Threads to use.

    Returns
    -------
    TrackRecord

    Raises
    ------
    SettingError
        For fewer than two periods.
    ColumnNotFoundError, DataError, SourceError, OutputError
        When a file cannot be read, has an id twice, or cannot be written.
    """
    sources = [
        file
        for source in sources
        for file in (history(source) if isinstance(source, (str, Path)) else [source])
    ]
    if values is not None and value is None:
        raise SettingError(
            "Nothing says which column tells what customers are worth", hint="--value revenue"
        )
    if len(sources) < 2:
        raise SettingError(
            "Following customers takes two periods or more",
            found=f"{len(sources)}",
            hint="segmeans track january.csv february.csv",
        )
    with Periods(
        sources, id_column, value=value, values=values, names=names, threads=threads
    ) as periods:
        steps = tuple(
            step(periods.names[place], periods.names[place + 1], periods.crossed(place), value)
            for place in range(len(sources) - 1)
        )
        if out is not None:
            periods.write(out, overwrite=overwrite)
        return TrackRecord(periods=tuple(periods.names), steps=steps)


def history(source: str | Path) -> list[Path]:
    """Return the files of segments that a source stands for, in their order.

    Parameters
    ----------
    source : str or Path
        A file stands for itself, the folder of a study for its file of segments. Any other folder
        stands for the ``.csv`` and ``.parquet`` files and the studies in it by name, numbers in
        names by their size: ``2026-9`` comes before ``2026-10``.

    Returns
    -------
    list of Path

    Raises
    ------
    SourceError
        When a folder holds no file of segments.
    """
    path = Path(source)
    if not path.is_dir():
        return [path]
    if (own := _of_study(path)) is not None:
        return [own]
    found = []
    for inner in sorted(path.iterdir(), key=lambda one: _natural(one.name)):
        if inner.name.startswith("."):
            continue
        if inner.is_dir():
            own = _of_study(inner)
            found += [own] if own is not None else []
        elif inner.suffix.casefold() in (".csv", ".parquet"):
            found.append(inner)
    if not found:
        raise SourceError(
            "The folder holds no files of segments",
            where=str(path),
            allowed=".csv or .parquet files that segmeans score wrote, or folders of studies",
        )
    return found


def _of_study(folder: Path) -> Path | None:
    files = (folder / f"segments.{ending}" for ending in ("csv", "parquet"))
    return next((file for file in files if file.is_file()), None)


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what a name is sorted by: its numbers by their size, all else by its letters."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts if part]


def step(before: str, after: str, crossed: Crossed, value: str | None = None) -> Step:
    """Return what happened between two periods, from the counts.

    Parameters
    ----------
    before, after : str
        What the periods are called.
    crossed : Crossed
    value : str, optional
        The column that the worth in it was summed over.

    Returns
    -------
    Step
    """
    both = sum(map(sum, crossed.counts))
    stayed = sum(
        crossed.counts[row][crossed.targets.index(name)]
        for row, name in enumerate(crossed.origins)
        if name in crossed.targets
    )
    return Step(
        before=before,
        after=after,
        origins=crossed.origins,
        targets=crossed.targets,
        counts=crossed.counts,
        joined=crossed.joined,
        left=crossed.left,
        flows=_flows(crossed),
        moved_share=(both - stayed) / both if both else 0.0,
        shares=tuple(tuple(count / max(sum(row), 1) for count in row) for row in crossed.counts),
        value=None if crossed.worth is None else value,
        values=() if crossed.worth is None else crossed.worth.both,
        joined_values=() if crossed.worth is None else crossed.worth.joined,
        left_values=() if crossed.worth is None else crossed.worth.left,
    )


def _flows(crossed: Crossed) -> tuple[Flow, ...]:
    counts = {
        (origin, target): count
        for origin, row in zip(crossed.origins, crossed.counts, strict=True)
        for target, count in zip(crossed.targets, row, strict=True)
    }
    totals = dict(zip(crossed.origins, map(sum, crossed.counts), strict=True))
    pairs = list(dict.fromkeys(_pair(*pair) for pair in counts if pair[0] != pair[1]))
    chances = adjusted([uneven(counts.get(p, 0), counts.get(p[::-1], 0)) for p in pairs])
    by_pair = dict(zip(pairs, chances, strict=True))
    flows = []
    for (origin, target), count in counts.items():
        if origin == target or count == 0:
            continue
        back = counts.get((target, origin), 0)
        p = by_pair[_pair(origin, target)]
        flows.append(
            Flow(
                origin=origin,
                target=target,
                customers=count,
                share=count / totals[origin],
                back=back,
                p=p,
                beyond_noise=count > back and p < ALPHA,
            )
        )
    return tuple(sorted(flows, key=lambda flow: (-flow.customers, flow.origin, flow.target)))


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)
