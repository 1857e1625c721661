"""All figures of a study, one after the other: as objects to refine, or as files.

Loads matplotlib; import it only where figures are drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmeans.errors import SettingError, nearest_name
from segmeans.records import StudyRecord
from segmeans.report import figure_evidence, figure_k, figure_map, figure_profile, theme
from segmeans.tables.sink import whole

if TYPE_CHECKING:
    import matplotlib.figure

    from segmeans.prepared import CustomerSample
    from segmeans.report.captions import Words
    from segmeans.study import Study

FORMATS = ("png", "svg")


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


Draw = Callable[[StudyRecord, "CustomerSample"], "tuple[Words, matplotlib.figure.Figure]"]

DRAWN: dict[str, Draw] = {
    "elbow": lambda record, _: figure_k.elbow(record),
    "silhouette": figure_k.silhouette,
    "evidence": lambda record, _: figure_evidence.evidence(record),
    "stability": figure_evidence.stability,
    "map": figure_map.segment_map,
    "profile": lambda record, _: figure_profile.heat_map(record),
    "bars": lambda record, _: figure_profile.bars(record),
    "sizes": lambda record, _: figure_profile.sizes(record),
    "pairs": figure_map.pairs,
}


def available(study: Study) -> tuple[str, ...]:
    """Return the names of the figures that say something about a study.

    Parameters
    ----------
    study : Study

    Returns
    -------
    tuple of str
        Of one single segment there is no profile, no bars and no sizes: it is everyone. The elbow
        and the silhouette need two numbers of segments, evidence and stability what a study
        measures of its resamples; the map needs two prepared columns; pairs
        are drawn of 3 to 6 numeric features and at most 12 segments.
    """
    record, sample = study.record, study.sample
    measured = [row for row in record.k_table if row.silhouette is not None]
    needs = {
        "elbow": len(record.k_table) > 1,
        "silhouette": bool(measured),
        "evidence": bool(figure_evidence.measured(record)),
        "stability": record.k > 1 and bool(figure_evidence.steadiness(record)),
        "map": len(sample.names) > 1,
        "profile": record.k > 1,
        "bars": record.k > 1,
        "sizes": record.k > 1,
        "pairs": len(sample.units) in figure_map.PAIRS and record.k <= figure_map.MOST_PAIRED,
    }
    return tuple(name for name in DRAWN if needs[name])


def draw(study: Study, names: Iterable[str] | None = None) -> Iterator[Figure]:
    """Draw figures of a study.

    Parameters
    ----------
    study : Study
        Only its record and its sample are looked at.
    names : iterable of str, optional
        Which figures; all that say something by default (see :func:`available`).

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
            words, figure = DRAWN[name](study.record, study.sample)
        yield Figure(name=name, title=words.title, caption=words.caption, figure=figure)


def _check_name(name: str, present: Collection[str], what: str) -> None:
    if name not in present:
        near = nearest_name(name, present)
        raise SettingError(
            what, found=name, allowed=", ".join(present), hint=repr(near) if near else ""
        )


def plot(study: Study, name: str) -> matplotlib.figure.Figure:
    """Draw one figure of a study.

    Parameters
    ----------
    study : Study
    name : str
        One of ``"elbow"``, ``"silhouette"``, ``"evidence"``, ``"stability"``, ``"map"``,
        ``"profile"``, ``"bars"``, ``"sizes"`` and ``"pairs"``.

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
    [drawn] = draw(study, [name])
    return drawn.figure


def check(name: str, path: str | Path) -> None:
    """Refuse a figure there never is, or a file in another format, before the work.

    Parameters
    ----------
    name : str
        Of the figure.
    path : str or Path
        Where it is to be written.

    Raises
    ------
    SettingError
    """
    _check_name(name, DRAWN, "There is no such figure")
    if Path(path).suffix[1:] not in FORMATS:
        raise SettingError(
            "Figures are not written in this format",
            found=str(path),
            allowed=" or ".join(f".{format_}" for format_ in FORMATS),
        )


def save_one(study: Study, name: str, path: str | Path, *, overwrite: bool = False) -> None:
    """Write one figure of a study as a file, whole or not at all.

    Parameters
    ----------
    study : Study
    name : str
    path : str or Path
        Ends in ``.png`` or ``.svg``.
    overwrite : bool, default=False

    Raises
    ------
    SettingError
        For a figure this study does not have, or another format.
    OutputError
        When the file exists and may not be replaced, or cannot be written.
    """
    check(name, path)
    [figure] = draw(study, [name])
    with whole(path, overwrite=overwrite) as partial:
        partial.write_bytes(image(figure, Path(path).suffix[1:]))


def save(
    study: Study,
    place: Callable[[str], Path] | str | Path,
    *,
    formats: Sequence[str] = FORMATS,
    names: Iterable[str] | None = None,
) -> Iterator[tuple[int, int, str]]:
    """Write figures of a study as files; the same study gives the same bytes.

    Parameters
    ----------
    study : Study
    place : callable, str or Path
        An existing folder, or what turns a file name into the path to write to.
    formats : sequence of str, default=("png", "svg")
    names : iterable of str, optional
        Which figures; all that say something by default.

    Yields
    ------
    tuple of int, int, str
        Files done, files in all, and the name of the file just written.
    """
    path_of = place if callable(place) else Path(place).joinpath
    wanted = available(study) if names is None else tuple(names)
    done, total = 0, len(wanted) * len(formats)
    for figure in draw(study, wanted):
        for format_ in formats:
            file = f"{figure.name}.{format_}"
            path_of(file).write_bytes(image(figure, format_))
            done += 1
            yield done, total, file


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
    out = io.BytesIO()
    with theme.rules():
        figure.figure.savefig(out, format=format_, metadata=about)
    return out.getvalue()
