"""What a person reads in the terminal, at several widths."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import pytest
from rich.console import Console

from segmeans.records import ColumnRole, Finding
from segmeans.report import screen
from segmeans.report.screen import show_findings, show_inspection, show_roles, show_study
from segmeans.study import Inspection

FILES = ["results/segments.csv", "results/study.json", "results/elbow.png", "results/elbow.svg"]


def printed(width: int = 80, **options: Any) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=width, highlight=False, markup=False, **options), out


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("study", ["five", "nine", "mixed", "nobody"])
def test_lines_keep_to_the_width(study: str, width: int, request: pytest.FixtureRequest) -> None:
    on, out = printed(width)
    show_study(request.getfixturevalue(study).record, files=FILES, on=on)
    lines = out.getvalue().splitlines()
    commands = [line for line in lines if line.lstrip().startswith("segmeans ")]
    wide = [line for line in lines if len(line) > width and line not in commands]
    assert wide == []


def test_a_study_tells_segments_reasons_findings_outputs_and_next_steps(five: Any) -> None:
    on, out = printed()
    show_study(five.record, files=FILES, on=on)
    text = flat(out.getvalue())
    for said in (
        "5 segments of 200 customers",
        "Structure natural",
        "2 rows are not scored: too many missing.",
        "high income, low spending",
        "How many segments: 5 recommended",
        "At k = 5 customers are closest to their own segment.",
        "warning: Annual Income (k$): Three values lie far outside. Check them.",
        "Then standardised; missing numbers set to the median; 2 rows set aside.",
        "results/segments.csv the segment of every customer",
        "results/ figures: elbow",
        "segmeans run customers.csv --k 3 --out results-k3",
    ):
        assert said in text
    assert text.index("warning:") < text.index("note:")


def test_no_segments_is_said_first(nobody: Any) -> None:
    on, out = printed()
    show_study(nobody.record, on=on)
    first = next(line for line in out.getvalue().splitlines() if line.strip())
    assert first == "No real segments among 300 customers"


def test_what_was_asked_against_the_advice_is_said(five: Any) -> None:
    on, out = printed()
    show_study(
        dataclasses.replace(
            five.record, verdict=dataclasses.replace(five.record.verdict, recommended_k=4)
        ),
        on=on,
    )
    assert "4 recommended, 5 as asked" in out.getvalue()


def test_text_from_the_data_is_text(mixed: Any) -> None:
    on, out = printed(200)
    show_study(mixed.record, on=on)
    text = out.getvalue()
    assert "\x1b" not in text
    assert "<script>alert(1)</script>" in text
    assert "[red]" in text
    assert "=cmd|' /C calc'!A0" in text


def test_colour_is_for_terminals_alone(five: Any) -> None:
    on, out = printed(force_terminal=True, color_system="standard")
    show_study(five.record, on=on)
    assert "\x1b[" in out.getvalue()


def test_findings_left_out_are_counted() -> None:
    findings = [
        Finding(level=level, code="c", where="", evidence=f"{level} {i}.")  # type: ignore[arg-type]
        for i in range(2)
        for level in ("note", "warning", "problem")
    ]
    on, out = printed()
    show_findings(findings, on, most=3)
    text = flat(out.getvalue())
    assert text.endswith("3 more findings in study.json.")
    assert text.index("problem 1") < text.index("warning 0")
    assert "note 0" not in text


def test_roles_fit_a_narrow_terminal() -> None:
    roles = [
        ColumnRole(
            name="Annual Income (k$)",
            type="BIGINT",
            role="number",
            use="feature",
            reason="a number with 64 different values in 200 rows",
            distinct=64,
        )
    ]
    on, out = printed(60)
    show_roles(roles, on)
    assert "Annual Income (k$)" in out.getvalue()
    assert "feature" in out.getvalue()


def test_an_inspection_without_features(five: Any) -> None:
    on, out = printed()
    record = five.record
    show_inspection(
        Inspection(
            source=record.source, roles=record.roles, findings=record.findings, preparation=None
        ),
        on=on,
    )
    text = flat(out.getvalue())
    assert "csv, 202 rows, 3 columns, separator ," in text
    assert "numbers of 84 different sizes" in text
    assert "prepared" not in text


def test_a_stream_that_cannot_show_a_character_shows_a_question_mark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(screen.sys, "stdout", stream)
    show_findings(
        [Finding(level="note", code="c", where="prix en €", evidence="é.")], screen.console()
    )
    stream.flush()
    assert b"prix en ?" in raw.getvalue()
