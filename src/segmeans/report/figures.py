"""All figures of a study, one after the other: as objects to refine, or as files.

Loads matplotlib; import it only where figures are drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from segmeans.errors import SettingError, nearest_name
from segmeans.report import (
    figure_evidence,
    figure_k,
    figure_map,
    figure_near,
    figure_profile,
    figure_rfm,
    figure_splits,
    figure_targeting,
    figure_value,
    theme,
)

if TYPE_CHECKING:
    import matplotlib.figure

    from segmeans.commerce import OrdersRecord
    from segmeans.records import StudyRecord
    from segmeans.report.captions import Words
    from segmeans.segments.rfm import RfmRecord
    from segmeans.segments.value import SegmentValue
    from segmeans.study import Study

FORMATS = ("png", "svg")
COMPRESSION = 3
"""Of PNG files: a tenth larger than by matplotlib's own level 6, in two thirds of its time."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One drawn figure.

    Parameters
    ----------
    name : str
        Of its files, for example ``"elbow"``.
    title : str
        What to see.
    caption : str
        What it is made of, with numbers; also the description for who cannot see it.
    figure : matplotlib.figure.Figure
    """

    name: str
    title: str
    caption: str
    figure: matplotlib.figure.Figure


def _worth(study: Study) -> tuple[SegmentValue, ...]:
    """Return what the segments are worth; empty without orders or without revenue."""
    worth = () if study.commerce is None else study.commerce.record.value
    return tuple(one for one in worth if one.revenue_share is not None)


def _rfm(study: Study) -> RfmRecord:
    """Return the RFM of a study of orders."""
    assert study.commerce is not None  # noqa: S101  (only drawn where it is)
    return study.commerce.record.rfm


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of figure.

    Parameters
    ----------
    about : str
        What it shows, in one line.
    draw : callable
        Takes a study, of which only record, sample and commerce are looked at.
    says : callable
        Whether it says something about a study.
    """

    about: str
    draw: Callable[[Study], tuple[Words, matplotlib.figure.Figure]]
    says: Callable[[Study], bool]


DRAWN: dict[str, Kind] = {
    "elbow": Kind(
        "inertia over the number of segments, with the elbow and the recommended number",
        lambda study: figure_k.elbow(study.record),
        lambda study: len(study.record.k_table) > 1,
    ),
    "silhouette": Kind(
        "silhouette over the number of segments, and of the customers of each segment",
        lambda study: figure_k.silhouette(study.record, study.sample),
        lambda study: any(row.silhouette is not None for row in study.record.k_table),
    ),
    "evidence": Kind(
        "every measure over the number of segments, with its interval",
        lambda study: figure_evidence.evidence(study.record),
        lambda study: bool(figure_evidence.measured(study.record)),
    ),
    "stability": Kind(
        "how well each segment is found again, and how near its customers are to a border",
        lambda study: figure_evidence.stability(study.record, study.sample),
        lambda study: study.record.k > 1 and bool(figure_evidence.steadiness(study.record)),
    ),
    "splits": Kind(
        "how segments split and join from one number of segments to the next",
        lambda study: figure_splits.splits(study.record),
        lambda study: figure_splits.drawable(study.record),
    ),
    "shadow": Kind(
        "how near the customers of each segment are to a border, and to which segment",
        lambda study: figure_near.shadow(study.record, study.sample),
        lambda study: study.record.k > 1,
    ),
    "gorge": Kind(
        "how similar its members and all others are to each segment",
        lambda study: figure_near.gorge(study.record, study.sample),
        lambda study: study.record.k > 1,
    ),
    "map": Kind(
        "customers and centres over two features, or over the first principal components",
        lambda study: figure_map.segment_map(study.record, study.sample),
        lambda study: len(study.sample.names) > 1,
    ),
    "profile": Kind(
        "every feature of every segment in plain units, coloured against everyone",
        lambda study: figure_profile.heat_map(study.record),
        lambda study: study.record.k > 1,
    ),
    "bars": Kind(
        "how far each segment lies from everyone in each feature",
        lambda study: figure_profile.bars(study.record),
        lambda study: study.record.k > 1,
    ),
    "sizes": Kind(
        "how many customers each segment holds",
        lambda study: figure_profile.sizes(study.record),
        lambda study: study.record.k > 1,
    ),
    "value": Kind(
        "the share of revenue of each segment beside its share of customers, from an order log",
        lambda study: figure_value.value(study.record, _worth(study)),
        lambda study: study.record.k > 1 and bool(_worth(study)),
    ),
    "targeting": Kind(
        "how attractive each segment is as a target, and how strong we are in it",
        lambda study: figure_targeting.targeting(study.record),
        lambda study: study.record.targeting is not None,
    ),
    "rfm_heat": Kind(
        "what customers of each recency and frequency score bring, from an order log",
        lambda study: figure_rfm.heat(_rfm(study)),
        lambda study: study.commerce is not None,
    ),
    "rfm_grid": Kind(
        "what customers of each recency and frequency score are called, from an order log",
        lambda study: figure_rfm.grid(_rfm(study)),
        lambda study: study.commerce is not None,
    ),
    "rfm_shares": Kind(
        "the share of customers and of revenue of each RFM name, from an order log",
        lambda study: figure_rfm.shares(_rfm(study)),
        lambda study: study.commerce is not None,
    ),
    "pairs": Kind(
        "every pair of three to six numeric features, for at most twelve segments",
        lambda study: figure_map.pairs(study.record, study.sample),
        lambda study: (
            len(study.sample.units) in figure_map.PAIRS and study.record.k <= figure_map.MOST_PAIRED
        ),
    ),
}
"""All kinds of figures, in the order in which they are drawn."""


def available(study: Study) -> tuple[str, ...]:
    """Return the names of the figures that say something about a study.

    Parameters
    ----------
    study : Study

    Returns
    -------
    tuple of str
        Of one single segment, for example, there is no profile: it is everyone.
    """
    return tuple(name for name, kind in DRAWN.items() if kind.says(study))


def draw(
    study: Study, names: Iterable[str] | None = None, *, over: Sequence[str] = ()
) -> Iterator[Figure]:
    """Draw figures of a study.

    Parameters
    ----------
    study : Study
        Only its record, its sample and its commerce are looked at.
    names : iterable of str, optional
        Which figures; all that say something by default (see :func:`available`).
    over : sequence of str, optional
        Two numeric features that the map lies over.

    Yields
    ------
    Figure
        To be refined or saved; nothing is shown, and pyplot knows nothing of it.

    Raises
    ------
    SettingError
        For a name that is not among the available ones.
    """
    present = available(study)
    for name in present if names is None else tuple(names):
        _check_name(name, present, "There is no such figure of this study")
        with theme.rules():
            if over and name == "map":
                words, figure = figure_map.segment_map(study.record, study.sample, over)
            else:
                words, figure = DRAWN[name].draw(study)
        yield Figure(name=name, title=words.title, caption=words.caption, figure=figure)


def of_record(record: StudyRecord, name: str, found: OrdersRecord | None = None) -> Figure:
    """Draw a figure that says nothing of single customers, from a record alone.

    Parameters
    ----------
    record : StudyRecord
    name : str
        Of a figure that looks at no sample, such as ``"splits"`` or ``"profile"``.
    found : OrdersRecord, optional
        Of an order log; ``"value"`` needs it.

    Returns
    -------
    Figure
    """
    commerce = None if found is None else SimpleNamespace(record=found)
    shown: Any = SimpleNamespace(record=record, commerce=commerce)
    with theme.rules():
        words, figure = DRAWN[name].draw(shown)
    return Figure(name=name, title=words.title, caption=words.caption, figure=figure)


def _check_name(name: str, present: Collection[str], what: str) -> None:
    if name not in present:
        near = nearest_name(name, present)
        raise SettingError(
            what, found=name, allowed=", ".join(present), hint=repr(near) if near else ""
        )


def plot(study: Study, name: str, *, over: Sequence[str] = ()) -> matplotlib.figure.Figure:
    """Draw one figure of a study.

    Parameters
    ----------
    study : Study
    name : str
        One of :func:`available`.
    over : sequence of str, optional
        Two numeric features that the map lies over.

    Returns
    -------
    matplotlib.figure.Figure
        To be refined: its ``axes`` are those of matplotlib. A notebook shows it when it is the
        last value of a cell; pyplot knows nothing of it.

    Raises
    ------
    SettingError
        For a figure that this study does not have.
    """
    [drawn] = draw(study, [name], over=over)
    return drawn.figure


def check(name: str, path: str | Path, *, over: Sequence[str] | None = None) -> None:
    """Refuse a figure there never is, or a file in another format, before the work.

    Parameters
    ----------
    name : str
        Of the figure.
    path : str or Path
        Where it is to be written.
    over : sequence of str, optional
        Two features, for a map alone.

    Raises
    ------
    SettingError
    """
    _check_name(name, DRAWN, "There is no such figure")
    if over is not None and name != "map":
        raise SettingError("Only a map lies over two features", found=name, allowed="map")
    if over is not None and len(over) != 2:
        raise SettingError(
            "A map lies over two features",
            where="over",
            found=", ".join(over) or "no feature",
            allowed="two features",
            hint="--over 'Age,Income'",
        )
    if Path(path).suffix[1:] not in FORMATS:
        raise SettingError(
            "Figures are not written in this format",
            found=str(path),
            allowed=" or ".join(f".{format_}" for format_ in FORMATS),
        )


def save_one(
    study: Study,
    name: str,
    path: str | Path,
    *,
    over: Sequence[str] = (),
    overwrite: bool = False,
) -> None:
    """Write one figure of a study as a file, whole or not at all.

    Parameters
    ----------
    study : Study
    name : str
    path : str or Path
        Ends in ``.png`` or ``.svg``.
    over : sequence of str, optional
        Two numeric features that the map lies over.
    overwrite : bool, default=False

    Raises
    ------
    SettingError
        For a figure this study does not have, or another format.
    OutputError
        When the file exists and may not be replaced, or cannot be written.
    """
    from segmeans.tables.sink import whole  # loads the engine, which drawing does without

    check(name, path, over=over or None)
    [figure] = draw(study, [name], over=over)
    with whole(path, overwrite=overwrite) as partial:
        partial.write_bytes(image(figure, Path(path).suffix[1:]))


def contents(study: Study, name: str, formats: Sequence[str] = FORMATS) -> dict[str, bytes]:
    """Draw one figure of a study and return its files by their names.

    Parameters
    ----------
    study : Study
        Only its record, its sample and its commerce are looked at.
    name : str
    formats : sequence of str, default=("png", "svg")

    Returns
    -------
    dict of str to bytes
    """
    with theme.rules():
        [figure] = draw(study, [name])
        return {f"{name}.{format_}": image(figure, format_) for format_ in formats}


def image(figure: Figure, format_: str) -> bytes:
    """Return a figure as the bytes of a file: no date, no version, no random ids.

    Parameters
    ----------
    figure : Figure
    format_ : {"png", "svg"}

    Raises
    ------
    SettingError
        For another format.
    """
    if format_ not in FORMATS:
        raise SettingError(
            "Figures are not written in this format", found=format_, allowed=" or ".join(FORMATS)
        )
    about: dict[str, Any] = {"Title": figure.title, "Description": figure.caption}
    about |= {"Software": None} if format_ == "png" else {"Creator": "segmeans", "Date": None}
    how: dict[str, Any] = (
        {"pil_kwargs": {"compress_level": COMPRESSION}} if format_ == "png" else {}
    )
    out = io.BytesIO()
    with theme.rules():
        figure.figure.savefig(out, format=format_, metadata=about, **how)
    return out.getvalue()
