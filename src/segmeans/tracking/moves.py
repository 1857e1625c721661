"""Who moved from where to where between periods.

Customers near a border change sides for no reason, as many one way as the other, and a model that
was fitted again moves the border itself. A flow is beyond that noise when it is larger than the
flow back by more than both allow (:mod:`segmeans.tracking.noise`), all pairs of segments together
held to one false alarm in a hundred.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from segmeans.errors import SettingError, SourceError
from segmeans.records import Flow, Step, TrackRecord
from segmeans.tables.periods import Crossed, Periods
from segmeans.tracking.chance import ALPHA, adjusted
from segmeans.tracking.noise import Fit, Noise, by_noise, fit_beside


def track(
    sources: Sequence[Any],
    *,
    names: Sequence[str] | None = None,
    fits: Sequence[Fit | None] | None = None,
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
    fits : sequence of Fit or None, optional
        The models that put the customers of each period into segments; by default those of the
        studies among the sources. A file that is no study's is taken for scored with the model of
        the period before.
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
    noises = _noises([_fit(one) for one in sources] if fits is None else fits)
    with Periods(
        sources, id_column, value=value, values=values, names=names, threads=threads
    ) as periods:
        steps = tuple(
            step(
                periods.names[place],
                periods.names[place + 1],
                periods.crossed(place),
                value,
                noise=noises[place],
            )
            for place in range(len(sources) - 1)
        )
        if out is not None:
            periods.write(out, overwrite=overwrite)
        return TrackRecord(periods=tuple(periods.names), steps=steps)


def _fit(source: Any) -> Fit | None:
    return fit_beside(Path(source)) if isinstance(source, (str, Path)) else None


def _noises(fits: Sequence[Fit | None]) -> list[Noise]:
    """Return what noise does from each period to the next one."""
    found, last = [], fits[0]
    for fit in fits[1:]:
        found.append(Noise(last, fit))
        last = fit or last
    return found


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


def step(
    before: str,
    after: str,
    crossed: Crossed,
    value: str | None = None,
    *,
    noise: Noise | None = None,
) -> Step:
    """Return what happened between two periods, from the counts.

    Parameters
    ----------
    before, after : str
        What the periods are called.
    crossed : Crossed
    value : str, optional
        The column that the worth in it was summed over.
    noise : Noise, optional
        By default one model put everyone into segments in both periods.

    Returns
    -------
    Step
    """
    noise = noise or Noise(None, None)
    both = sum(map(sum, crossed.counts))
    exchanges = _exchanges(crossed, noise)
    moved = sum(one.there + one.back for one in exchanges)
    evened = sum(by_noise(one.there, one.back, one.displaced) for one in exchanges)
    return Step(
        before=before,
        after=after,
        origins=crossed.origins,
        targets=crossed.targets,
        counts=crossed.counts,
        joined=crossed.joined,
        left=crossed.left,
        flows=_flows(crossed, exchanges),
        moved_share=moved / both if both else 0.0,
        shares=tuple(tuple(count / max(sum(row), 1) for count in row) for row in crossed.counts),
        value=None if crossed.worth is None else value,
        values=() if crossed.worth is None else crossed.worth.both,
        joined_values=() if crossed.worth is None else crossed.worth.joined,
        left_values=() if crossed.worth is None else crossed.worth.left,
        noise_share=evened / both if both else 0.0,
        refitted=noise.refitted,
        displaced_known=noise.known,
    )


class _Exchange(NamedTuple):
    """Customers who went from one segment to another one and back."""

    pair: tuple[str, str]
    there: int
    back: int
    displaced: float
    p: float


def _exchanges(crossed: Crossed, noise: Noise) -> list[_Exchange]:
    """Return what went on between every two segments, with the chances adjusted for all."""
    counts = _counts(crossed)
    totals = dict(zip(crossed.origins, map(sum, crossed.counts), strict=True))
    found = []
    for pair in dict.fromkeys(_pair(*pair) for pair in counts if pair[0] != pair[1]):
        there, back = counts.get(pair, 0), counts.get(pair[::-1], 0)
        sizes = totals.get(pair[0], 0), totals.get(pair[1], 0)
        displaced = noise.displaced(pair, *sizes)
        p = noise.chance(there, back, displaced)
        found.append(_Exchange(pair, there, back, displaced, p))
    chances = adjusted([one.p for one in found])
    return [one._replace(p=p) for one, p in zip(found, chances, strict=True)]


def _counts(crossed: Crossed) -> dict[tuple[str, str], int]:
    return {
        (origin, target): count
        for origin, row in zip(crossed.origins, crossed.counts, strict=True)
        for target, count in zip(crossed.targets, row, strict=True)
    }


def _flows(crossed: Crossed, exchanges: Sequence[_Exchange]) -> tuple[Flow, ...]:
    totals = dict(zip(crossed.origins, map(sum, crossed.counts), strict=True))
    flows = [
        Flow(
            origin=origin,
            target=target,
            customers=count,
            share=count / totals[origin],
            back=back,
            p=one.p,
            beyond_noise=count > back and one.p < ALPHA,
            displaced=one.displaced,
        )
        for one in exchanges
        for origin, target, count, back in (
            (*one.pair, one.there, one.back),
            (*one.pair[::-1], one.back, one.there),
        )
        if count > 0
    ]
    return tuple(sorted(flows, key=lambda flow: (-flow.customers, flow.origin, flow.target)))


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)
