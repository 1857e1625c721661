"""The folded part of a report: everything an analyst asks for, and nothing about one customer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePath

from segmeans.plain import FEW, plain_number, plain_share
from segmeans.records import Finding, KRow, Score, Segment, StudyRecord
from segmeans.report.page_data import Chart, Evidence, Mark, Table
from segmeans.report.page_parts import badge
from segmeans.report.tables import (
    Column,
    TextTable,
    k_table,
    preparation_table,
    role_table,
)
from segmeans.segments.descriptors import descriptor_tests
from segmeans.segments.words import feature_words, plain_text, shorten
from segmeans.settings import Settings

LEVEL = 0.05  # of all tests of descriptors together
WIDTH, HEIGHT = 560, 240
LEFT, RIGHT, TOP, BOTTOM = 24, 36, 34, 34

SCORES = {
    "stability": "stability: agreement of solutions of resamples (adjusted Rand)",
    "jaccard": "least steady segment (mean Jaccard)",
    "prediction_strength": "prediction strength",
    "halves": "agreement of halves (adjusted Rand)",
    "gap": "gap against uniform null tables",
    "silhouette": "silhouette",
    "silhouette_excess": "silhouette above that of null tables",
    "calinski_harabasz": "Calinski-Harabasz",
    "davies_bouldin": "Davies-Bouldin (small is good)",
    "shadow": "mean shadow value (small is clear)",
    "border": "density at the borders (small means gaps)",
    "border_null": "density at the borders of null tables",
}
_QUOTE = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_CUT = "\0"
_LOOSE = re.compile("['\"]")
_APOSTROPHE = re.compile(r"(?<=[^\W_])'(?=[^\W_])")  # within a word, no quotation mark
_SENTENCE = re.compile(r"(?<=[.;:!?])\s+(?=[A-Z])")


def evidence(record: StudyRecord) -> Evidence:
    """Return everything behind a study.

    Parameters
    ----------
    record : StudyRecord
    """
    chosen = next((row for row in record.k_table if row.k == record.k), None)
    certificate = chosen.certificate if chosen is not None else None
    verdict = record.verdict
    sentences = (*verdict.reasons, verdict.what_changes, verdict.limits)
    return Evidence(
        reasons=tuple(plain_text(sentence) for sentence in sentences if sentence),
        charts=_charts(record),
        k_table=Table(caption="Every number of segments that was tried", content=k_table(record)),
        certificate=plain_text(certificate.reason) if certificate is not None else "",
        stability=None if chosen is None else _stability(record, chosen),
        scores=None if chosen is None else _scores(chosen),
        others=_others(record) if record.k > 1 else None,
        findings=_findings(record),
        preparation=Table(
            caption="How each feature was prepared (before > after)",
            content=preparation_table(record.preparation),
        ),
        roles=Table(caption="What each column was taken for", content=_roles(record)),
        facts=_facts(record),
    )


def _charts(record: StudyRecord) -> tuple[Chart, ...]:
    rows = record.k_table
    if len(rows) < 2:
        return ()
    charts = [
        _chart(
            record,
            "Explained spread",
            "Share of the spread that the segments explain; it rises with every further segment. "
            "Look for the k after which it rises but little.",
            [(row.k, row.explained) for row in rows],
            plain_share,
        )
    ]
    measured = [(row.k, row.silhouette) for row in rows if row.silhouette is not None]
    if len(measured) > 1:
        charts.append(
            _chart(
                record,
                "Silhouette",
                "How much nearer customers are to their own segment than to the next; higher is "
                "clearer, 1 is the most.",
                measured,
                lambda value: f"{value:.2f}",
            )
        )
    stable = [(row.k, row.scores["stability"]) for row in rows if "stability" in row.scores]
    if len(stable) > 1:
        charts.append(
            _chart(
                record,
                "Stability",
                "How far solutions of two resamples of the customers agree (adjusted Rand): 1 is "
                "fully, 0 as chance would. The band holds most pairs of resamples.",
                [(k, score.value) for k, score in stable],
                lambda value: f"{value:.2f}",
                band=[(k, score) for k, score in stable],
            )
        )
    return tuple(charts)


def _chart(
    record: StudyRecord,
    title: str,
    caption: str,
    points: Sequence[tuple[int, float]],
    say: Callable[[float], str],
    *,
    band: Sequence[tuple[int, Score]] = (),
) -> Chart:
    """Place a line in a picture; its ends, its best value and the recommended k are labelled."""
    ends = [value for _, value in points]
    for _, score in band:
        ends += [end for end in (score.low, score.high) if end is not None]
    bottom, top = min(0.0, *ends), max(ends)
    first, last = points[0][0], points[-1][0]

    def mark(k: int, value: float) -> Mark:
        across = (k - first) / max(last - first, 1)
        upwards = (value - bottom) / ((top - bottom) or 1.0)
        return Mark(
            x=round(LEFT + across * (WIDTH - LEFT - RIGHT), 1),
            y=round(HEIGHT - BOTTOM - upwards * (HEIGHT - TOP - BOTTOM), 1),
            label=str(k),
            value=say(value),
            chosen=k == record.k,
        )

    marks = tuple(mark(k, value) for k, value in points)
    labelled = {place for place, (k, _) in enumerate(points) if k == record.k}
    best = max(range(len(points)), key=lambda place: points[place][1])
    if all(abs(best - place) > 1 for place in labelled):
        labelled.add(best)
    whole = [(k, s.low, s.high) for k, s in band if s.low is not None and s.high is not None]
    edge = [mark(k, high) for k, _, high in whole] + [mark(k, low) for k, low, _ in whole[::-1]]
    return Chart(
        title=title,
        caption=caption,
        marks=marks,
        labelled=tuple(sorted(labelled)),
        band=tuple(edge) if len(whole) > 1 else (),
    )


def _stability(record: StudyRecord, chosen: KRow) -> Table | None:
    """Return how steady and how clear each segment is."""
    wanted = {
        "jaccard": "found again (Jaccard)",
        "silhouette": "silhouette",
        "shadow": "shadow value",
    }
    present = {
        header: chosen.cluster_scores[name]
        for name, header in wanted.items()
        if len(chosen.cluster_scores.get(name, ())) == record.k
    }
    if record.k == 1:
        return None
    columns = [
        Column(header="", cells=tuple(str(segment.number) for segment in record.segments)),
        Column(
            header="segment",
            cells=tuple(badge(segment).name for segment in record.segments),
            align="left",
        ),
        *(Column(header=name, cells=tuple(map(_score, of))) for name, of in present.items()),
        Column(
            header="mean certainty",
            cells=tuple(f"{segment.certainty:.2f}" for segment in record.segments),
        ),
        Column(
            header="at a border",
            cells=tuple(_border(segment) for segment in record.segments),
        ),
    ]
    return Table(
        caption="How steady and how clear each segment is", content=TextTable(tuple(columns))
    )


def _border(segment: Segment) -> str:
    """Write the share of a segment that is nearly as close to another one."""
    if 0 < segment.border < FEW:
        return "few"
    return plain_share(segment.border / segment.size) if segment.size else "-"


def _others(record: StudyRecord) -> Table | None:
    """Return the tests of the columns that did not form the segments."""
    tests = descriptor_tests(record.profile)
    if not tests:
        return None
    words = feature_words(dict.fromkeys(row.feature for row in record.profile))
    columns = (
        Column(header="column", cells=tuple(words[test.column] for test in tests), align="left"),
        Column(
            header="differs between segments",
            cells=tuple(
                ("yes" if test.corrected < LEVEL else "not shown") + (" (thin)" * test.thin)
                for test in tests
            ),
            align="left",
        ),
        Column(
            header="p, corrected for all",
            cells=tuple(_chance(test.corrected) for test in tests),
        ),
        Column(header="strength, 0 to 1", cells=tuple(f"{test.strength:.2f}" for test in tests)),
        Column(header="test", cells=tuple(test.method for test in tests), align="left"),
    )
    return Table(
        caption="Columns that did not form the segments: do they differ between them?",
        content=TextTable(columns),
    )


def _chance(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _score(score: Score) -> str:
    told = f"{score.value:.2f}"
    if score.low is not None and score.high is not None:
        return f"{told} ({score.low:.2f} to {score.high:.2f})"
    return f"{told} ± {score.error:.2f}" if score.error is not None else told


def _scores(chosen: KRow) -> Table | None:
    present = [name for name in SCORES if name in chosen.scores]
    if not present:
        return None
    scores = [chosen.scores[name] for name in present]
    columns = (
        Column(header="measure", cells=tuple(SCORES[name] for name in present), align="left"),
        Column(header="value", cells=tuple(map(_score, scores))),
        Column(
            header="null tables that score worse",
            cells=tuple("-" if s.place is None else plain_share(s.place, 0) for s in scores),
        ),
        Column(header="how", cells=tuple(plain_text(s.how) for s in scores), align="left"),
    )
    return Table(
        caption=f"What was measured at k = {chosen.k}, with its doubt", content=TextTable(columns)
    )


def _findings(record: StudyRecord) -> tuple[tuple[str, str], ...]:
    order = {"problem": 0, "warning": 1, "note": 2}
    private = {role.name for role in record.roles if role.role in ("id", "personal")}
    known = {role.name for role in record.roles} | set(Settings.model_fields)
    found = sorted(record.findings, key=lambda finding: order[finding.level])
    return tuple((finding.level, _told(finding, known, private)) for finding in found)


def _told(finding: Finding, known: set[str], private: set[str]) -> str:
    """Say a finding without values from the rows; of ids and personal data only its name."""
    seen = "" if finding.where in private else public(finding.evidence, known)
    seen = seen or f"{finding.code.replace('-', ' ')} (details are in study.json)."
    place = plain_text(finding.where)
    head = f"{place}: " if place and place not in seen else ""
    return f"{head}{seen} {public(finding.advice, known | _WORDS)}".strip()


_WORDS = {"keep", "cap", "drop", "net", "none", "log", "log1p", "yeo-johnson", "auto"}


def public(text: str, known: set[str]) -> str:
    """Leave out the sentences of a finding that quote a value from the rows.

    Parameters
    ----------
    text : str
    known : set of str
        What may be quoted: names of columns and settings.

    Returns
    -------
    str

    Examples
    --------
    >>> public("9 lines are odd. The largest is of customer '16446'.", {"Age"})
    '9 lines are odd.'
    >>> public("The column 'Age' is odd.", {"Age"})
    "The column 'Age' is odd."
    """
    known = {_APOSTROPHE.sub("\u2019", name) for name in known}
    marked = _QUOTE.sub(
        lambda quote: quote[0] if (quote[1] or quote[2]) in known else _CUT,
        _APOSTROPHE.sub("\u2019", plain_text(text)),
    )
    # A quotation mark without its partner belongs to a value that holds one itself.
    kept = [
        sentence
        for sentence in _SENTENCE.split(marked)
        if _CUT not in sentence and not _LOOSE.search(_QUOTE.sub("", sentence))
    ]
    return " ".join(kept)


def _roles(record: StudyRecord) -> TextTable:
    """Return the table of columns; reasons that quote a value are left out."""
    known = {role.name for role in record.roles} | set(Settings.model_fields)
    whole = role_table(record.roles)
    return TextTable(
        tuple(
            Column(
                header=column.header,
                cells=tuple(public(cell, known) for cell in column.cells),
                align="left",
            )
            if column.header == "why"
            else column
            for column in whole.columns
        )
    )


def _facts(record: StudyRecord) -> tuple[tuple[str, str], ...]:
    funnel, source = record.funnel, record.source
    facts = [
        ("Source", source_name(record)),
        ("Kind", ", ".join([source.kind, *(f"{n} {v}" for n, v in source.details.items())])),
        ("Rows", f"{funnel.rows:,}, of them {funnel.assigned:,} in a segment"),
        *((f"Not scored: {why}", f"{rows:,} rows") for why, rows in funnel.unscored.items()),
        ("Fingerprint", source.fingerprint),
        ("Seed", str(record.seed)),
        ("Engine", record.engine),
        ("Versions", ", ".join(f"{name} {number}" for name, number in record.versions.items())),
        *((f"Setting {name}", value) for name, value in _changed(record)),
    ]
    return tuple((plain_text(name), shorten(plain_text(value), 300)) for name, value in facts)


def source_name(record: StudyRecord) -> str:
    """Return the name of the source without the folders it lies in."""
    name = plain_text(record.source.name)
    return shorten(name if "://" in name else PurePath(name.replace("\\", "/")).name or name, 80)


_OWN = {"rfm_names", "playbook", "targeting"}
"""Settings that name a file of the user: the path is nobody else's business."""


def _changed(record: StudyRecord) -> list[tuple[str, str]]:
    """Return the settings that were asked for."""
    changed = []
    for name, field in Settings.model_fields.items():
        value = record.settings.get(name)
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        if value is None or value in (default, [], {}) or name == "out":
            continue
        changed.append((name, "a file of your own" if name in _OWN else _setting(name, value)))
    return changed


def _setting(name: str, value: object) -> str:
    if name == "k" and isinstance(value, list | tuple):
        return "-".join(str(end) for end in dict.fromkeys(value))
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        said = {k: w if isinstance(w, str) else plain_number(float(w)) for k, w in value.items()}
        return ", ".join(f"{key} = {words}" for key, words in said.items())
    return str(value)
