"""Headers, titles and descriptions in a grid of cells."""

from __future__ import annotations

import pytest

from segmeans.tables.layout import find_layout, is_number, usual_width

BODY = [[f"c{i}", str(20 + i), str(i / 2)] for i in range(6)]
HEADER = ["id", "age", "score"]


def codes(rows: list[list[str]]) -> tuple[tuple[str, ...], int, list[str]]:
    layout = find_layout(rows)
    return layout.names, layout.first, [finding.code for finding in layout.findings]


def test_a_plain_header() -> None:
    assert codes([HEADER, *BODY]) == (("id", "age", "score"), 1, [])


def test_titles_above() -> None:
    assert codes([["May"], ["made by", "us"], HEADER, *BODY])[1:] == (3, ["title-rows"])
    assert codes([["May", "", ""], HEADER, *BODY])[1:] == (2, ["title-rows"])


def test_a_description_below() -> None:
    assert codes([HEADER, ["key", "years", "points"], *BODY])[1:] == (2, ["description-row"])
    assert codes([HEADER, ["c9", "soon", "5"], *BODY])[1:] == (1, [])


def test_no_header() -> None:
    assert codes(BODY) == (("column_1", "column_2", "column_3"), 0, ["no-header"])
    words = [["yes", "no"], ["no", "no"], ["yes", "yes"]]
    assert codes(words)[2] == ["no-header"]


def test_words_over_words_are_a_header() -> None:
    assert codes([["taste", "price"], ["yes", "no"], ["no", "no"], ["yes", "yes"]])[1:] == (1, [])


def test_row_names_without_a_name() -> None:
    assert codes([["age", "score"], *BODY])[0] == ("column_1", "age", "score")


def test_a_lone_row() -> None:
    assert codes([["a", "b"]])[1] == 1
    assert codes([["1", "b"]])[1] == 0


def test_the_usual_width_prefers_the_frequent_then_the_wide() -> None:
    assert usual_width([["a"], ["a", "b"], ["c", "d"]]) == 2
    assert usual_width([["a"], ["a", "b"]]) == 2


@pytest.mark.parametrize(
    "cell", ["1", "-1.5", "1,5", "1.234,5", "$5", "5 €", "45%", "(3)", ".5", "1e5"]
)
def test_numbers_of_any_country(cell: str) -> None:
    assert is_number(cell)


@pytest.mark.parametrize("cell", ["", "a1", "1a", "Spending Score (1-100)", "-", "2024-01-01"])
def test_what_is_no_number(cell: str) -> None:
    assert not is_number(cell)
