"""Figures of the customers themselves: the segment map and the pairs of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from segmeans.errors import SettingError, nearest_name
from segmeans.plain import plain_date, plain_number, plain_share
from segmeans.records import Segment, StudyRecord
from segmeans.report import captions, theme
from segmeans.report.captions import Words
from segmeans.report.figure_map_names import name_on_map
from segmeans.segments.words import feature_words
from segmeans.segments.words import labels as label_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from segmeans.prepared import CustomerSample

Floats = NDArray[np.float64]

MOST_POINTS = 5_000
VECTOR_POINTS = 3_000  # more than these become pixels inside an SVG
STEP = 0.34  # inches for a name of two lines beside the map
MOST_NAMED = 8  # segments named on the map; more are named beside it
LARGER = {"^": 1.25, "v": 1.25, "<": 1.25, ">": 1.25, "P": 1.2, "X": 1.2}  # for equal weight
PAIRS = range(3, 7)  # numbers of features for which pairs can be read
MOST_PAIRED = 12  # segments that can be told apart in small panels


@dataclass(frozen=True, slots=True)
class Plane:
    """Customers and centres in two dimensions."""

    points: Floats  # (m, 2)
    centres: Floats  # (k, 2)
    labels: tuple[str, str]  # of the axes
    scales: tuple[str, str] = ("plain", "plain")


def segment_map(
    record: StudyRecord, sample: CustomerSample, over: Sequence[str] = ()
) -> tuple[Words, Figure]:
    """Draw customers and centres over two features, or over the first principal components.

    Parameters
    ----------
    record : StudyRecord
    sample : CustomerSample
    over : sequence of str, optional
        Two numeric features. By default the features where there are but two, else the components.

    Returns
    -------
    tuple of Words and matplotlib Figure
        The caption says how much of the spread the picture shows and what share of the customers
        it places in their right segment.

    Raises
    ------
    SettingError
        When ``over`` are not two different numeric features.
    """
    rows = _drawn(len(sample.labels))
    names = _checked(over, sample) if over else list(sample.units)
    if over and len(record.preparation.features) > 2:
        plane = _features_plane(record, sample, names)
        share, right = seen_in(sample, record.centres, names)
        words = captions.chosen_map(record, names[0], names[1], share, right, len(rows))
    elif len(names) == 2 == len(record.preparation.features):
        plane = _features_plane(record, sample, names)
        words = captions.plain_map(record, names[0], names[1], len(rows))
    else:
        plane, shares, right = principal_plane(sample, record.centres)
        features = len(record.preparation.features)
        words = captions.plane_map(record, shares, right, features, len(rows))
    if record.k <= MOST_NAMED:
        figure, fits = _map(record, sample, plane, words, rows, beside=0.0)
        if fits:
            return words, figure
    return words, _map(record, sample, plane, words, rows, beside=2.35)[0]


def _checked(over: Sequence[str], sample: CustomerSample) -> list[str]:
    wrong = next((name for name in over if name not in sample.units), None)
    if wrong is None and len(set(over)) == len(over) == 2:
        return list(over)
    near = None if wrong is None else nearest_name(wrong, list(sample.units))
    known = ", ".join(sample.units)
    raise SettingError(
        "A map lies over two features",
        found=", ".join(over) if wrong is None else wrong,
        allowed=f"two of {known}" if len(sample.units) > 1 else f"numbers: {known or 'here none'}",
        hint=repr(near) if near else "",
    )


def seen_in(
    sample: CustomerSample, centres: tuple[tuple[float, ...], ...], names: Sequence[str]
) -> tuple[float, float]:
    """Say how much two features show of what formed the segments.

    Parameters
    ----------
    sample : CustomerSample
    centres : tuple of k tuples of p floats
        In prepared units.
    names : sequence of str
        Numeric features.

    Returns
    -------
    share : float
        Of the variance of all prepared columns, that of these.
    right : float
        Share of customers that are nearest, in these alone, to the centre of their own segment.
    """
    places = [sample.names.index(name) for name in names]
    spread = sample.prepared.var(axis=0)
    points, middles = sample.prepared[:, places], np.array(centres)[:, places]
    distances = ((points[:, None, :] - middles[None]) ** 2).sum(axis=2)
    right = float(np.mean(distances.argmin(axis=1) == sample.labels))
    return float(spread[places].sum() / (spread.sum() or 1.0)), right


def _map(
    record: StudyRecord,
    sample: CustomerSample,
    plane: Plane,
    words: Words,
    rows: NDArray[np.intp],
    *,
    beside: float,
) -> tuple[Figure, bool]:
    """Draw a map with the names on it, or ``beside`` it in so many inches.

    Returns
    -------
    matplotlib Figure
    fits : bool
        Whether no name had to stand on customers of other segments.
    """
    fits = True
    height = max(4.6, STEP * record.k if beside else 0.0)
    sheet = theme.sheet(*words, height=height + 0.6)
    axes = sheet.axes(0.7, 0.52, sheet.width - 0.8 - beside, height)
    _scatter(axes, plane.points[rows], sample.labels[rows], size=28 if len(rows) < 800 else 10)
    for axis, label, scale in zip("xy", plane.labels, plane.scales, strict=True):
        _axis(axes, axis, label, scale)
    for segment, (x, y) in enumerate(plane.centres, start=1):
        if record.k > 1:
            theme.disc(axes, x, y, segment)
        else:
            axes.plot([x], [y], "X", color=theme.INK, mec="white", ms=14, zorder=6)
    if beside:
        _key(sheet, record, sheet.width - beside + 0.15, min(0.42, height / record.k))
    elif record.k > 1:
        fits = name_on_map(axes, plane, record, rows, sample.labels[rows])
    return sheet.figure, fits


def _drawn(m: int) -> NDArray[np.intp]:
    """Return which customers are drawn: all, or some at random, the same ones every time."""
    if m <= MOST_POINTS:
        return np.arange(m)
    return np.sort(np.random.default_rng(0).choice(m, MOST_POINTS, replace=False))


def _features_plane(record: StudyRecord, sample: CustomerSample, names: list[str]) -> Plane:
    points = np.column_stack([sample.units[name] for name in names])
    centres = np.array(
        [[_position(record, segment, name) for name in names] for segment in record.segments]
    )
    scales = [_scale(record, name, sample.units[name]) for name in names]
    told = label_words(names)
    return Plane(points, centres, (told[names[0]], told[names[1]]), (scales[0], scales[1]))


def _scale(record: StudyRecord, name: str, values: Floats) -> str:
    """Return how an axis counts: "date", "log" where the preparation took logarithms, "plain"."""
    for feature in record.preparation.features:
        if feature.column == name and feature.kind == "date":
            return "date"
        if feature.column == name and feature.transform in ("log", "log1p"):
            return "log" if len(values) and values.min() > 0 else "plain"
    return "plain"


def _position(record: StudyRecord, segment: Segment, feature: str) -> float:
    """Return where the centre of a segment lies; of a date, which is written as text, the mean."""
    value = segment.centre[feature]
    if not isinstance(value, str):
        return value
    rows = (r for r in record.profile if (r.segment, r.feature) == (segment.number, feature))
    return next((row.mean for row in rows if row.mean is not None), float("nan"))


def principal_plane(
    sample: CustomerSample, centres: tuple[tuple[float, ...], ...]
) -> tuple[Plane, tuple[float, float], float]:
    """Project customers and centres onto the first two principal components.

    Parameters
    ----------
    sample : CustomerSample
        With m customers in p prepared columns.
    centres : tuple of k tuples of p floats
        In prepared units.

    Returns
    -------
    plane : Plane
    shares : tuple of two floats
        Share of the variance along each component.
    right : float
        Share of customers that are nearest, in the plane, to the centre of their own segment.

    Notes
    -----
    The signs are chosen so that each component points where its largest loading rises: the same
    picture on every machine.
    """
    mean = sample.prepared.mean(axis=0)
    spread = sample.prepared - mean
    values, vectors = np.linalg.eigh(spread.T @ spread)
    order = np.argsort(-values, kind="stable")[:2]
    axes = vectors[:, order]
    if axes.shape[1] < 2:
        axes = np.column_stack([axes, np.zeros(len(axes))])
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.where(axes[largest, [0, 1]] < 0, -1.0, 1.0)
    total = float(np.maximum(values, 0).sum()) or 1.0
    shares = [float(max(values[i], 0.0)) / total for i in order] + [0.0]
    points, middles = spread @ axes, (np.array(centres) - mean) @ axes
    distances = ((points[:, None, :] - middles[None]) ** 2).sum(axis=2)
    right = float(np.mean(distances.argmin(axis=1) == sample.labels))
    labels = (
        _loadings("first", shares[0], axes[:, 0], sample.names),
        _loadings("second", shares[1], axes[:, 1], sample.names),
    )
    return Plane(points, middles, labels), (shares[0], shares[1]), right


def _loadings(which: str, share: float, axis: Floats, names: tuple[str, ...]) -> str:
    """Say what a component consists of: its largest loadings, with their signs."""
    spoken = [name.replace("=", " ") for name in names]  # Gender=Male
    words = feature_words(spoken)
    order = np.argsort(-np.abs(axis), kind="stable")[:2]
    parts = [
        f"{'more' if axis[i] > 0 else 'less'} {words[spoken[i]]}"
        for i in order
        if abs(axis[i]) >= 0.5 * abs(axis[order[0]]) > 0
    ]
    return f"{which} component ({plain_share(share)}): {', '.join(parts)}"


def _axis(axes: Axes, axis: str, label: str, scale: str) -> None:
    """Label one axis and let its numbers read as numbers."""
    if scale == "log":
        getattr(axes, f"set_{axis}scale")("log")
    drawn = getattr(axes, f"{axis}axis")
    say = plain_date if scale == "date" else _tick
    drawn.set_major_formatter(lambda value, _: say(value))
    drawn.set_minor_locator(NullLocator())
    box = axes.get_window_extent()
    inches = (box.width if axis == "x" else box.height) / theme.DPI
    drawn.set_label_text(theme.wrap(label, inches, theme.LABEL, lines=2))
    axes.tick_params(length=0, which="both")
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _tick(value: float) -> str:
    """Write a number below an axis: round thousands short."""
    if 1e3 <= abs(value) < 1e6 and value % 100 == 0:
        return f"{value / 1e3:g}k"
    return plain_number(value, compact=True)


def _scatter(
    axes: Axes, points: Floats, labels: NDArray[np.int32], *, size: float, panels: int = 1
) -> None:
    """Draw customers by segment; where many overlap, paler."""
    alpha = 0.85 if len(points) < 800 else 0.55
    for segment in range(int(labels.max(initial=0)) + 1):
        inside = points[labels == segment]
        drawn = theme.look(segment + 1)
        axes.scatter(
            inside[:, 0], inside[:, 1], s=size * LARGER.get(drawn.shape, 1),
            marker=drawn.shape, alpha=alpha, zorder=3,
            facecolors="none" if drawn.hollow else drawn.colour,
            edgecolors=drawn.colour if drawn.hollow else "white",
            linewidths=1.0 if drawn.hollow else 0.35,
            rasterized=len(points) * panels > VECTOR_POINTS,
        )  # fmt: skip


def _key(sheet: theme.Sheet, record: StudyRecord, left: float, step: float) -> None:
    """List mark, number and name of the segments from the upper edge downwards."""
    height, width = step * record.k, sheet.width - left
    axes = sheet.axes(left, sheet.height - height, width, height, aside=True)
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(record.k, 0)
    for segment in record.segments:
        drawn, y = theme.look(segment.number), segment.number - 0.5
        axes.plot(
            [0.1], [y], drawn.shape, ms=8, clip_on=False, mec=drawn.colour,
            mfc="white" if drawn.hollow else drawn.colour,
        )  # fmt: skip
        axes.text(0.25, y, str(segment.number), va="center", size=theme.SMALL, weight="bold")
        name = theme.wrap_name(
            segment.name, width - 0.5, theme.SMALL, lines=2 if step > 0.32 else 1
        )
        axes.text(0.48, y, name, va="center", size=theme.SMALL)


def pairs(record: StudyRecord, sample: CustomerSample) -> tuple[Words, Figure]:
    """Draw every pair of features, and on the diagonal how often each value occurs.

    Parameters
    ----------
    record : StudyRecord
    sample : CustomerSample
        With 3 to 6 numeric features.

    Returns
    -------
    tuple of Words and matplotlib Figure
    """
    names = list(sample.units)
    count, rows = len(names), _drawn(len(sample.labels))
    words = captions.pairs(record, len(rows), count)
    sheet = theme.sheet(*words, height=7.4)
    labels = sample.labels[rows]
    values = {name: sample.units[name][rows] for name in names}
    told = label_words(names)
    scales = {name: _scale(record, name, values[name]) for name in names}
    size = 14 if count < 5 else 7
    gap, left, low = 0.14, 0.72, 0.62
    cell = ((sheet.width - left) / count - gap, (sheet.height - low) / count - gap)
    for i, upwards in enumerate(names):
        for j, across in enumerate(names[: i + 1]):
            axes = sheet.axes(
                left + j * (cell[0] + gap), low + (count - 1 - i) * (cell[1] + gap), *cell
            )
            if i == j:
                # Threads would only wait for each other: the products are small.
                with threadpool_limits(1, user_api="blas"):
                    _densities(axes, values[across], labels, record.k, log=scales[across] == "log")
            else:
                points = np.column_stack([values[across], values[upwards]])
                _scatter(axes, points, labels, size=size, panels=count * (count - 1) // 2)
                for segment in record.segments if record.k > 1 else ():
                    x, y = (_position(record, segment, name) for name in (across, upwards))
                    theme.disc(axes, x, y, segment.number, size=14 if count < 5 else 10)
                _axis(axes, "y", told[upwards] if j == 0 else "", scales[upwards])
            _axis(axes, "x", told[across] if i == count - 1 else "", scales[across])
            axes.set_xlim(*_limits(values[across], scales[across]))
            if i != j:
                axes.set_ylim(*_limits(values[upwards], scales[upwards]))
            _quiet(axes, first=j == 0, last=i == count - 1, diagonal=i == j, small=count > 4)
    if record.k > 1:
        empty = 1 if 0.3 * record.k <= cell[1] else 2  # rows of panels beside which it stands
        step = min(0.3, empty * (cell[1] + gap) / record.k)
        _key(sheet, record, left + empty * (cell[0] + gap) + 0.2, step)
    return words, sheet.figure


def _limits(values: Floats, scale: str) -> tuple[float, float]:
    """Return the range of a feature with a little room, the same in every panel."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if low == high:
        return low - 0.5, high + 0.5
    if scale == "log":
        room = (high / low) ** 0.04
        return low / room, high * room
    room = 0.04 * (high - low)
    return low - room, high + room


def _quiet(axes: Axes, *, first: bool, last: bool, diagonal: bool, small: bool) -> None:
    """Keep few tick labels, on the outer edges alone."""
    for axis, scale in ((axes.xaxis, axes.get_xscale()), (axes.yaxis, axes.get_yscale())):
        plain = MaxNLocator(nbins=3 if small else 4)
        axis.set_major_locator(LogLocator(numticks=3) if scale == "log" else plain)
    if diagonal:
        axes.set_yticks([])
    axes.tick_params(
        labelleft=first and not diagonal, labelbottom=last, labelsize=7.5, which="both"
    )


def _densities(axes: Axes, values: Floats, labels: NDArray[np.int32], k: int, *, log: bool) -> None:
    """Draw a smoothed frequency per segment, the first segment behind the others."""
    import seaborn as sns

    axes.set(xlabel=" ", ylabel=" ")  # where there are labels, seaborn lays out no ticks for them
    known = [values[(labels == segment) & np.isfinite(values)] for segment in range(k)]
    spread = [place for place, inside in enumerate(known) if len(inside) and np.ptp(inside) > 0]
    for hollow in (False, True):
        looks = {s: theme.look(s + 1) for s in spread if theme.look(s + 1).hollow == hollow}
        if not looks:
            continue
        inside = np.isin(labels, list(looks))
        sns.kdeplot(
            x=values[inside], hue=labels[inside], hue_order=sorted(looks, reverse=True), ax=axes,
            palette={segment: look.colour for segment, look in looks.items()}, legend=False,
            common_norm=False, fill=not hollow, alpha=0.22, lw=1.3, ls="--" if hollow else "-",
            log_scale=log, gridsize=120, cut=2, warn_singular=False,
        )  # fmt: skip
    axes.set(xlabel="", ylabel="", yticks=[])
