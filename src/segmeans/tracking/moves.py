"""Who moved from where to where between periods.

Customers near a border change sides for no reason, as many one way as the other. A flow is beyond
that noise when it is larger than the flow back by more than chance allows: the exact test of
McNemar for each pair of segments, all pairs together held to one false alarm in a hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segmeans.errors import SettingError
from segmeans.records import Flow, Step, TrackRecord
from segmeans.tables.periods import Crossed, Periods
from segmeans.tracking.chance import ALPHA, adjusted, uneven


def track(
    sources: Sequence[str | Path],
    *,
    id_column: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    threads: int | None = None,
) -> TrackRecord:
    """Follow customers through periods.

    Parameters
    ----------
    sources : sequence of str or Path
        Two or more files of segments, as ``segmeans run`` and ``segmeans score`` write them; the
        earliest first. Segments are the same when their names are.
    id_column : str, optional
        The id; by default the first column of each file.
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
    if len(sources) < 2:
        raise SettingError(
            "Following customers takes two periods or more",
            found=f"{len(sources)}",
            hint="segmeans track january.csv february.csv",
        )
    with Periods(sources, id_column, threads=threads) as periods:
        steps = tuple(
            step(periods.names[place], periods.names[place + 1], periods.crossed(place))
            for place in range(len(sources) - 1)
        )
        if out is not None:
            periods.write(out, overwrite=overwrite)
        return TrackRecord(periods=tuple(periods.names), steps=steps)


def step(before: str, after: str, crossed: Crossed) -> Step:
    """Return what happened between two periods, from the counts.

    Parameters
    ----------
    before, after : str
        What the periods are called.
    crossed : Crossed

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
