"""Numbers as a person would write them, in one form wherever a reader meets them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from segmeans.plain import plain_change, plain_date, plain_number, plain_share, set_share

SOURCE = Path(__file__).parents[1] / "src" / "segmeans"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (99.96, "100"),
        (99.9, "99.9"),
        (1234.5, "1,234"),
        (1e6, "1,000,000"),
        (0.5, "0.5"),
        (0.00001234, "1.23e-05"),
        (6.02e23, "6.02e+23"),
        (float("nan"), "-"),
        (float("inf"), "∞"),
    ],
)
def test_a_number_in_about_three_digits(value: float, text: str) -> None:
    assert plain_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(9990.0, "9,990"), (12669.0, "12.7k"), (999_700.0, "1M"), (2.5e9, "2.5bn"), (3.0, "3")],
)
def test_a_compact_number(value: float, text: str) -> None:
    assert plain_number(value, compact=True) == text


def test_a_day() -> None:
    assert plain_date(0.0) == "1970-01-01"
    assert plain_date(-1.0) == "1969-12-31"
    assert plain_date(1e12) == "1,000,000,000,000"
    assert plain_date(None) == "-"


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.0, 1, "0 %"),
        (1.0, 1, "100 %"),
        (0.123, 1, "12.3 %"),
        (0.00049, 1, "<0.1 %"),
        (0.00051, 1, "0.1 %"),
        (0.99949, 1, "99.9 %"),
        (0.99951, 1, ">99.9 %"),
        (0.0049, 0, "<1 %"),
        (0.9951, 0, ">99 %"),
        (0.00004, 2, "<0.01 %"),
        (1.5, 0, "150 %"),
        (-0.051, 1, "-5.1 %"),
        (-0.0001, 1, ">-0.1 %"),
        (float("nan"), 1, "-"),
        (None, 0, "-"),
    ],
)
def test_a_share_never_rounds_to_nothing_or_to_all(
    share: float | None, digits: int, text: str
) -> None:
    assert plain_share(share, digits) == text


def test_a_change_has_its_sign() -> None:
    assert [plain_change(x) for x in (0.5, -0.5, 0.0, 0.0001)] == [
        "+50.0 %",
        "-50.0 %",
        "0 %",
        "<+0.1 %",
    ]


def test_a_share_that_was_set_keeps_its_digits() -> None:
    assert [set_share(x) for x in (0.05, 0.025, 1 / 1000)] == ["5 %", "2.5 %", "0.1 %"]


def own_percentages(source: str) -> list[int]:
    """Return the lines on which a text makes a percentage by itself, documentation apart."""
    tree = ast.parse(source)
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return sorted(set(_lines_with_percentages(tree, documented)))


def _lines_with_percentages(tree: ast.Module, documented: set[int]) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            if ast.unparse(node.format_spec).rstrip("'\"").endswith("%"):
                yield node.lineno
        elif isinstance(node, ast.JoinedStr):
            pairs = zip(node.values, node.values[1:], strict=False)
            for value, after in pairs:
                text = after.value if isinstance(after, ast.Constant) else ""
                if isinstance(value, ast.FormattedValue) and re.match(r"\s?%", str(text)):
                    yield node.lineno
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documented
            and re.search(r"\d%(?!\d)|\{:[^}]*%\}", node.value)
        ):
            yield node.lineno


def test_only_one_room_writes_percentages() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 100, "the checker read hardly anything"
    told = [
        f"{file.relative_to(SOURCE).as_posix()}:{line}"
        for file in files
        if file != SOURCE / "plain.py"
        for line in own_percentages(file.read_text("utf-8"))
    ]
    assert told == [], "use plain_share, set_share or plain_change of segmeans.plain"


@pytest.mark.parametrize(
    "code",
    [
        "f'{x:.1%} of them'",
        "f'{x:+.0%}'",
        "f'{100 * x:.0f} % of them'",
        "f'{100 * x:.0f}%'",
        "'{:.1%}'.format(x)",
        "'the 95% interval'",
        "f'a {y} in the 95% interval'",
    ],
)
def test_a_planted_percentage_is_found(code: str) -> None:
    assert own_percentages(f'"""Fine: 5%."""\n\nsaid = {code}\n') == [3]


@pytest.mark.parametrize(
    "code", ["f'{plain_share(x)} of them'", "'5 % of them'", "'%d' % 5", "f'{x:.1f}'", "'%5B%5D'"]
)
def test_another_text_passes(code: str) -> None:
    assert own_percentages(f"said = {code}\n") == []
