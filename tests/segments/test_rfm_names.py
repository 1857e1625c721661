from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from segmeans.errors import SettingError, SourceError
from segmeans.segments.rfm_names import (
    COLUMNS,
    NamedTable,
    default_text,
    lint,
    parse_names,
    read_names,
)

HEAD = ",".join(COLUMNS) + "\n"
TWO = "good,2,active,2,2,1,2,1,2,\nbad,1,lapsed,1,1,1,2,1,2,\n"

# The older table of the R package rfm (MIT), as its documentation lists it.
R_PACKAGE = [
    ("Champions", 4, 5, 4, 5, 4, 5),
    ("Loyal Customers", 2, 5, 3, 5, 3, 5),
    ("Potential Loyalist", 3, 5, 1, 3, 1, 3),
    ("New Customers", 4, 5, 1, 1, 1, 1),
    ("Promising", 3, 4, 1, 1, 1, 1),
    ("Need Attention", 2, 3, 2, 3, 2, 3),
    ("About To Sleep", 2, 3, 1, 2, 1, 2),
    ("At Risk", 1, 2, 2, 5, 2, 5),
    ("Can't Lose Them", 1, 1, 4, 5, 4, 5),
    ("Lost", 1, 2, 1, 2, 1, 2),
]


def r_table() -> NamedTable:
    lines = [
        ",".join(map(str, (name, 20 - place, "active", *scores, "")))
        for place, (name, *scores) in enumerate(R_PACKAGE)
    ]
    return parse_names(HEAD + "\n".join(lines))


def codes(table: NamedTable) -> dict[str, str]:
    return {finding.code: finding.evidence for finding in lint(table)}


def test_our_table_is_without_fault() -> None:
    table = read_names()
    assert lint(table) == ()
    cells = [cell for rule in table.rules for cell in rule.cells()]
    assert sorted(cells) == sorted(product(range(1, 6), repeat=3))  # each exactly once
    assert set(table.places().ravel()) == set(range(len(table.names)))


def test_our_table_never_calls_a_recent_customer_lost() -> None:
    table = read_names()
    recent = {table.names[place].state for place in table.places()[4].ravel()}
    gone = {table.names[place].state for place in table.places()[0].ravel()}
    assert recent == {"active"}
    assert gone == {"lapsed"}


def test_the_linter_finds_what_is_wrong_with_the_table_of_the_r_package() -> None:
    found = codes(r_table())
    assert found["rfm-hole"].startswith("36 of 125 cells have no name")
    unreachable = {
        finding.evidence.split(":")[0]
        for finding in lint(r_table())
        if finding.code == "rfm-unreachable"
    }
    assert unreachable == {
        "Nobody can be 'New Customers'",
        "Nobody can be 'Promising'",
        'Nobody can be "Can\'t Lose Them"',
    }


@pytest.mark.parametrize(
    ("lines", "code", "words"),
    [
        (
            "good,2,active,2,2,1,2,1,2,\nbad,1,lapsed,1,1,1,1,1,2,\n",
            "rfm-hole",
            "2 of 8 cells have no name: 1-2-1, 1-2-2",
        ),
        (
            "good,2,active,2,2,1,2,1,2,\nbad,1,lapsed,1,2,1,2,1,2,\n",
            "rfm-overlap",
            "4 cells belong to 'good' and to 'bad'",
        ),
        (
            "good,1,active,2,2,1,2,1,2,\nbad,2,lapsed,1,1,1,2,1,2,\n",
            "rfm-not-monotone",
            "A higher recency score leads from 'bad' down to 'good'",
        ),
        (
            "good,2,lapsed,2,2,1,2,1,2,\nbad,1,lapsed,1,1,1,2,1,2,\n",
            "rfm-wrong-state",
            "bought last of all and are not active: 'good'",
        ),
        (
            "good,2,active,2,2,1,2,1,2,\nbad,1,active,1,1,1,2,1,2,\n",
            "rfm-wrong-state",
            "bought longest ago and are active: 'bad'",
        ),
    ],
)
def test_each_fault_is_found(lines: str, code: str, words: str) -> None:
    assert words in codes(parse_names(HEAD + lines))[code]


def test_a_good_small_table_has_no_fault() -> None:
    table = parse_names(HEAD + TWO)
    assert table.bins == 2
    assert lint(table) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,standing\na,1\n", "lacks columns"),
        (HEAD, "no lines"),
        (HEAD + "a,one,active,1,2,1,2,1,2,\n", "'standing' holds no whole number"),
        (HEAD + "a,1,gone,1,2,1,2,1,2,\n", "Allowed: active, fading, lapsed"),
        (HEAD + "a,1,active,2,1,1,2,1,2,\n", "recency scores run downwards"),
        (HEAD + "a,1,active,1,2,0,2,1,2,\n", "frequency score is out of range"),
        (HEAD + ",1,active,1,2,1,2,1,2,\n", "has no name"),
        (HEAD + TWO + "bad,3,lapsed,1,1,1,2,1,2,\n", "two standings"),
    ],
)
def test_a_wrong_line_gets_one_clear_error(text: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        parse_names(text)


def test_the_file_can_be_saved_edited_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("\ufeff" + default_text().replace("Champions", "Stars"), "utf-8")
    assert read_names(path).names[0].name == "Stars"
    path.write_text(default_text().replace("Lost,1,lapsed,1,1", "Lost,1,lapsed,1,2"), "utf-8")
    with pytest.raises(SettingError, match="belong to 'Hibernating' and to 'Lost'"):
        read_names(path)
    assert len(read_names(path, check=False).names) == 11
    with pytest.raises(SourceError, match="cannot be read"):
        read_names(tmp_path / "none.csv")
