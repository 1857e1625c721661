"""Tables of a study that print in a terminal and show in a notebook."""

import numpy as np
import pytest

from segmeans import Study, segment

AGES = [20.0, 22.0, 24.0] * 20 + [60.0, 62.0, 64.0] * 20


@pytest.fixture(scope="module")
def study() -> Study:
    random = np.random.default_rng(1)
    return segment(
        {"age": AGES, "<b>spend": random.normal(100.0, 1.0, 120)}, features=["age"], k=2, fast=True
    )


def test_the_profile_shows_every_segment_beside_everyone(study: Study) -> None:
    head, *lines = str(study.profile).split("\n")
    names = [f"{one.number} {one.name}" for one in study.record.segments]
    assert [head.index(name) for name in names] == sorted(head.index(name) for name in names)
    assert head.endswith("everyone")
    [age] = [line for line in lines if line.startswith("age")]
    assert sorted(age.split()[1:]) == ["22", "42", "62", "▲", "▼"]
    assert "▲ 62" in age
    assert "▼ 22" in age


def test_the_profile_of_one_segment_is_everyone() -> None:
    alone = segment({"age": AGES}, k=1, fast=True)
    head, line = str(alone.profile).split("\n")
    assert head.split() == ["feature", "everyone"]
    assert line.split() == ["age", "42"]


def test_the_table_of_k_marks_the_solution_shown(study: Study) -> None:
    lines = str(study.k_table).split("\n")
    assert [line.split()[0] for line in lines[1:]] == [str(row.k) for row in study.record.k_table]
    assert study.k_table.chosen is not None
    assert lines[1 + study.k_table.chosen].split()[0] == "2"
    html = study.k_table._repr_html_()
    assert html.count("<tr>") == len(lines)
    assert 'font-weight: bold; white-space: nowrap">2</td>' in html


def test_html_of_tables_escapes_what_comes_from_the_data(study: Study) -> None:
    html = study.profile._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;spend" in html
