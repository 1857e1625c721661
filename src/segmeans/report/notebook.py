"""A study as a notebook that anyone can run again, step by step: the story beside its code."""

from __future__ import annotations

import hashlib
import json
import pprint
from typing import TYPE_CHECKING, Any

from segmeans.report.page import in_markdown
from segmeans.report.page_evidence import public, source_name
from segmeans.settings import Settings

if TYPE_CHECKING:
    from segmeans.study import Study

Cell = tuple[str, str]

CHAPTERS = (
    (
        "2. How many: the elbow, and why it is not enough",
        "The elbow alone moves with the range of k. It is shown beside measures of how clear and "
        "how repeatable the segments are.",
        ("elbow", "silhouette"),
    ),
    (
        "3. Train: the segments",
        "Every mark of a map is a customer; of more than two features it shows but a part of the "
        "spread.",
        ("map", "pairs"),
    ),
    (
        "4. Interpret: who they are, and what to do",
        "Every segment against everyone, in plain units.",
        ("profile", "bars", "value", "sizes"),
    ),
    (
        "5. Evaluate: can they be relied on",
        "A segment that does not come back in new samples of the customers should be tested before "
        "anything is done with it.",
        ("evidence", "stability", "targeting"),
    ),
)

CODE = {
    2: "study.k_table",
    3: "study",
}
"""What a chapter begins with, before its figures."""

AFTER = {
    4: (
        (
            "The most typical customers of each segment: those nearest to its centre, without ids "
            "or personal data.",
            "pandas.DataFrame(study.typical())",
        ),
        (
            "A few questions recognise a member of each segment; right so often counts customers "
            "whom the questions had not been learnt from.",
            "from segmeans.plain import plain_share\n"
            "from segmeans.segments.typing_tool import typing_lines\n\n"
            "for tool in study.record.typing[:1]:\n"
            '    print("right for", plain_share(tool.accuracy), "of the customers")\n'
            "    for line in typing_lines(tool):\n"
            '        print("    " * line.depth + line.answer, line.segment or "")',
        ),
        (
            "What to do with each of them, and the numbers each line rests on.",
            "from segmeans.report.bundle import advise\n\n"
            "pandas.DataFrame([asdict(one) for one in advise(study).actions])[\n"
            '    ["name", "title", "do", "because", "channel", "kpi", "caution"]\n]',
        ),
    ),
}
"""What a chapter ends with: words and code."""


def notebook(study: Study, source: str, settings: Settings, *, told: bool = True) -> str:
    """Return a study as the text of a Jupyter notebook, its cells not yet run.

    It tells a story in five parts: prepare, elbow, train, interpret, evaluate.

    Parameters
    ----------
    study : Study
        What it found is told between the cells.
    source : str
        The path or URL that the first cell reads, as the user wrote it.
    settings : Settings
        What the user asked for; settings of the output are left out.
    told : bool, default=True
        Say above each figure what it shows. Once its cells have run, the figures say it themselves.

    Returns
    -------
    str
        JSON of the notebook format 4.5. The same study gives the same bytes.
    """
    from segmeans.report import figures  # matplotlib takes a second to load

    cells: list[Cell] = [*_opening(study, source, settings), *_preparing(study)]
    drawn = {one.name: one for one in figures.draw(study)}
    for number, (title, words, names) in enumerate(CHAPTERS, start=2):
        present = [drawn[name] for name in names if name in drawn]
        if not present and number not in CODE:
            continue
        cells.append(("markdown", f"## {title}\n\n{words}"))
        if number in CODE:
            cells.append(("code", CODE[number]))
        for one in present:
            if told:
                said = f"**{in_markdown(one.title)}.** {in_markdown(one.caption)}"
                cells.append(("markdown", said))
            cells.append(("code", f"study.plot.{one.name}()"))
        if study.record.k > 1:
            for said, code in AFTER.get(number, ()):
                cells += [("markdown", said), ("code", code)]
    cells += _closing()
    return json.dumps(_document(cells), indent=1, ensure_ascii=False) + "\n"


def _opening(study: Study, source: str, settings: Settings) -> list[Cell]:
    group = {
        name: field.json_schema_extra["group"]
        for name, field in Settings.model_fields.items()
        if isinstance(field.json_schema_extra, dict)
    }
    asked = settings.model_dump(mode="json", exclude_defaults=True)
    asked = {name: value for name, value in asked.items() if group[name] != "Output"}
    written = pprint.pformat(asked, width=88, sort_dicts=False)
    record = study.record
    structure, sure = record.verdict.structure, record.verdict.sure
    return [
        (
            "markdown",
            f"# {record.k} segments of {record.funnel.assigned:,} customers\n\n"
            f"From {in_markdown(source_name(record))}. Structure: {structure}; how sure: {sure}. "
            "Run the cells from top to bottom: the same data and settings give the same segments.",
        ),
        (
            "code",
            "import segmeans\n\n"
            f"source = {source!r}\nsettings = {written}\n\n"
            "study = segmeans.segment(source, **settings)",
        ),
    ]


def _preparing(study: Study) -> list[Cell]:
    record = study.record
    known = {role.name for role in record.roles} | set(Settings.model_fields)
    private = {role.name for role in record.roles if role.role in ("id", "personal")}
    odd = [
        f"- {one.level}: {in_markdown(public(one.evidence, known))}"
        for one in record.findings
        if one.where not in private and public(one.evidence, known)
    ]
    found = "\n".join(odd) or "Nothing odd was found in the data."
    return [
        (
            "markdown",
            "## 1. Prepare\n\nWhat each column was taken for, and what was done to the features "
            f"before distances were measured.\n\n{found}",
        ),
        (
            "code",
            "from dataclasses import asdict\n\nimport pandas\n\n"
            "pandas.DataFrame([asdict(role) for role in study.record.roles])",
        ),
        (
            "code",
            "pandas.DataFrame([asdict(one) for one in study.record.preparation.features])[\n"
            '    ["column", "kind", "missing_share", "transform", "low", "high", "note"]\n]',
        ),
    ]


def _closing() -> list[Cell]:
    return [
        ("markdown", "## Every number, and every customer"),
        ("code", "pandas.DataFrame([asdict(row) for row in study.record.profile])"),
        ("code", "pandas.DataFrame(study.customers()).head()"),
        (
            "markdown",
            "## Take it along\n\nThe page for people, what to do with each segment, the figures "
            "and the model that assigns new customers:\n\n"
            '```python\nsegmeans.write(study, "results")\n```',
        ),
        ("code", "study.close()"),
    ]


def _document(cells: list[Cell]) -> dict[str, Any]:
    return {
        "cells": [_cell(place, kind, text) for place, (kind, text) in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(place: int, kind: str, text: str) -> dict[str, Any]:
    key = hashlib.sha256(f"{place}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": key,
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
