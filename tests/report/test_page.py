"""The report says what the study found, about nobody in particular, and escapes everything."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmeans.records import Finding, Score
from segmeans.report import page
from segmeans.report.page_data import ReportData
from segmeans.report.page_evidence import public
from segmeans.segments.actions import recommend
from segmeans.segments.actions_playbook import read_playbook

VOID = {"meta", "link", "br", "hr", "img", "input", "line", "circle", "polyline", "polygon"}


class Outline(HTMLParser):
    """Read a page: its tags, its balance, its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def data_of(study: Any) -> ReportData:
    return page.report_data(study.record, recommend(study.record, read_playbook()))


def words_of(text: str) -> str:
    return " ".join(" ".join(Outline(text).texts).replace("\u00a0", " ").split())


def test_the_order_is_that_of_a_reader(five: Any) -> None:
    text = page.html(data_of(five))
    ids = [attrs.get("id") for tag, attrs in Outline(text).tags if tag == "section"]
    assert ids == ["segments", "differences", "actions", "evidence"]
    heads = re.findall(r"^## (.*)$", page.markdown(data_of(five)), re.M)
    assert heads == ["The segments", "What makes each different", "What to do", "Can I trust it?"]


def test_what_is_on_it(five: Any) -> None:
    said = words_of(page.html(data_of(five)))
    for segment in five.record.segments:
        assert segment.name in said
        assert f"{segment.size:,} customers" in said
    assert "Find out what keeps those who could from buying" in said
    assert "New samples find the same segments." in said


def test_same_study_same_bytes(five: Any) -> None:
    assert page.html(data_of(five)) == page.html(data_of(five))
    assert page.markdown(data_of(five)) == page.markdown(data_of(five))


@pytest.mark.parametrize("name", ["five", "nine", "mixed", "nobody"])
def test_pages_are_whole_small_and_alone(name: str, request: pytest.FixtureRequest) -> None:
    text = page.html(data_of(request.getfixturevalue(name)))
    outline = Outline(text)
    assert outline.open == []
    assert len(text.encode()) < 300_000
    tags = {tag for tag, _ in outline.tags}
    assert not tags & {"script", "iframe", "img", "object", "embed", "form", "base"}
    links = [attrs.get("href") or "" for _, attrs in outline.tags if "href" in attrs]
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert all(link == "data:," or link.removeprefix("#") in ids for link in links)
    assert "http://" not in text
    assert "https://" not in text
    assert not any(key.startswith("on") for _, attrs in outline.tags for key in attrs)


def test_tables_and_headings_can_be_walked(nine: Any) -> None:
    outline = Outline(page.html(data_of(nine)))
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(attrs.get("scope") for tag, attrs in outline.tags if tag == "th")
    scrolled = [attrs for _, attrs in outline.tags if attrs.get("class") == "wide"]
    assert all("tabindex" in one for one in scrolled)
    assert all("aria-label" in one or "aria-labelledby" in one for one in scrolled)
    assert all(attrs.get("aria-label") for tag, attrs in outline.tags if tag == "svg")


def test_hostile_names_are_shown_as_text(mixed: Any) -> None:
    text = page.html(data_of(mixed))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "=cmd|&#39; /C calc&#39;!A0" in text
    assert "💶" in text
    assert "الدخل" in text
    assert "\x1b" not in text
    assert "very " * 30 not in text  # cut in the middle
    written = page.markdown(data_of(mixed))
    assert "<script>" not in written
    assert "\\[bold\\]" in written


def test_every_place_of_a_name_is_escaped(five: Any) -> None:
    evil = '"><script>x</script><b onmouseover="'
    record = replace(
        five.record,
        segments=tuple(replace(one, name=f"{evil}{one.number}") for one in five.record.segments),
        source=replace(five.record.source, name=evil, details={evil: evil}),
        verdict=replace(five.record.verdict, reasons=(evil,), what_changes=evil),
        roles=tuple(replace(role, name=evil, reason=evil) for role in five.record.roles),
        versions={evil: evil},
        engine=evil,
    )
    outline = Outline(page.html(page.report_data(record, recommend(record, read_playbook()))))
    assert {tag for tag, _ in outline.tags}.isdisjoint({"script"})
    assert not any("onmouseover" in attrs for _, attrs in outline.tags)


def test_few_customers_are_not_described(make: Callable[..., Any]) -> None:
    draw = np.random.default_rng(2)
    income = np.concatenate([draw.normal(20, 1, 60), draw.normal(40, 1, 40), [987.5, 991.5]])
    plan = ["basic"] * 57 + ["rare"] * 3 + ["basic"] * 42
    study = make({"income": income}, 3, describe={"plan": plan})
    assert study.record.segments[2].size == 2
    data = data_of(study)
    assert data.cards[2].size == "fewer than 5 customers"
    assert data.cards[2].bars == ()
    assert data.heat is not None
    assert {row.cells[2].text for row in data.heat.rows} == {"few"}
    assert next(r for r in data.heat.rows if r.level == "rare").cells[0].text == "few"
    assert all(one.badge.number != 3 for one in data.actions)
    for text in (page.html(data), page.markdown(data)):
        assert "989" not in text
        assert "987" not in text


def test_an_unsteady_segment_is_marked(five: Any) -> None:
    scores = {"jaccard": tuple(Score(value=value) for value in (0.9, 0.8, 0.7, 0.5, 0.95))}
    table = tuple(
        replace(row, cluster_scores=scores) if row.k == 5 else row for row in five.record.k_table
    )
    record = replace(five.record, k_table=table)
    data = page.report_data(record, recommend(record, read_playbook()))
    assert [card.doubtful for card in data.cards] == [False, False, True, True, False]
    assert [card.trust.split(":")[0] for card in data.cards] == [
        "Highly stable", "Stable", "Doubtful", "Unstable", "Highly stable",
    ]  # fmt: skip
    assert data.evidence.stability is not None
    assert "Test before acting" in page.html(data)


def test_colours_never_contradict_plain_numbers(make: Callable[..., Any]) -> None:
    draw = np.random.default_rng(4)
    spend = np.exp(np.concatenate([draw.normal(1.0, 0.2, 90), draw.normal(3.0, 0.2, 90)]))
    spend = np.concatenate([spend, [20_000.0] * 6])
    study = make({"spend": spend}, 3, logs=True)
    data = data_of(study)
    assert data.heat is not None
    [row] = data.heat.rows
    for cell, profile in zip(row.cells, study.record.profile, strict=True):
        if cell.tone:
            assert cell.tone.startswith("h") == (profile.difference > 0)


def test_one_segment_is_everyone(nobody: Any) -> None:
    data = data_of(nobody)
    assert data.heat is None
    assert data.actions == ()
    assert data.title == "No segments among 300 customers"
    assert "everyone" in data.silent[0]


def test_a_wide_study_stays_small(make: Callable[..., Any]) -> None:
    draw = np.random.default_rng(1)
    columns = {f"feature {i} {'x' * 200}": draw.normal(size=120) for i in range(60)}
    study = make(columns, 20, ks=2, recommended=20)
    data = data_of(study)
    assert data.heat is not None
    assert data.heat.left_out == 20
    assert len(page.html(data).encode()) < 1_000_000


@pytest.mark.parametrize(
    ("evidence", "kept"),
    [
        ("9 rows are odd. One is of '16446'.", "9 rows are odd."),
        ("9 rows repeat an id ('a' 3 times). They stay.", "They stay."),
        ("It is 'O'Brien. Of Cork' and more.", ""),
        ("It is 'x' y. Secret' and more. All is well.", "All is well."),
        ('It is "O\'Brien. Of Cork" and more.', ""),
        ("The column's values in 'Age' are odd.", "The column\u2019s values in 'Age' are odd."),
    ],
)
def test_findings_quote_no_row(evidence: str, kept: str) -> None:
    assert public(evidence, {"Age"}) == kept


def test_findings_on_ids_are_named_alone(five: Any) -> None:
    role = replace(five.record.roles[0], name="No", role="id", use="id")
    finding = Finding(level="note", code="pointed-ids", where="No", evidence="Read as 17850.")
    record = replace(five.record, roles=(role,), findings=(finding,))
    data = page.report_data(record, recommend(record, read_playbook()))
    assert data.evidence.findings == (("note", "No: pointed ids (details are in study.json)."),)


def test_folders_stay_at_home(five: Any) -> None:
    for name in ("/home/ann/secret/customers.csv", r"C:\Users\ann\secret\customers.csv"):
        record = replace(five.record, source=replace(five.record.source, name=name))
        text = page.html(page.report_data(record, recommend(record, read_playbook())))
        assert "customers.csv" in text
        assert "secret" not in text


def test_descriptors_are_tested_in_the_evidence(make: Callable[..., Any]) -> None:
    draw = np.random.default_rng(8)
    which = np.repeat([0.0, 9.0], 60)
    study = make(
        {"income": draw.normal(which)},
        2,
        describe={"age": draw.normal(which), "shoe size": draw.normal(size=120)},
    )
    table = data_of(study).evidence.others
    assert table is not None
    cells = {column.header: column.cells for column in table.content.columns}
    assert cells["column"] == ("age", "shoe size")
    assert cells["differs between segments"] == ("yes", "not shown")
    assert "do they differ between them?" in page.html(data_of(study))


def test_names_from_right_to_left_stay_in_their_place() -> None:
    told = page.isolated("الدخل السنوي: 0.2 % of <all>, שלום 3")
    assert told == (
        "<bdi>الدخل السنوي</bdi>: 0.2\N{NO-BREAK SPACE}% of &lt;all&gt;, <bdi>שלום</bdi> 3"
    )
    assert page.isolated("income 3 %") == "income 3\N{NO-BREAK SPACE}%"


def test_the_readme_of_the_room_lists_every_file() -> None:
    room = Path(page.__file__).parent
    listed = set(re.findall(r"^\| `(\w+\.py)` \|", (room / "README.md").read_text("utf-8"), re.M))
    assert listed == {file.name for file in room.glob("*.py")} - {"__init__.py"}


def test_a_level_that_few_of_all_have_is_told_of_nobody(make: Callable[..., Any]) -> None:
    """Four of sixty, all of them in one segment: neither its share nor that of everyone."""
    levels = ["rare" if row < 4 else "usual" if row % 2 else "other" for row in range(60)]
    numbers = np.repeat([0.0, 50.0, 100.0], 20) + np.arange(60) % 7
    study = make({"spend": numbers, "plan": levels}, k=3)
    data = data_of(study)
    assert data.heat is not None
    [rare] = [row for row in data.heat.rows if row.level == "rare"]
    assert rare.everyone == "few"
    assert {cell.text for cell in rare.cells} <= {"few", "0 %"}
    assert not any("rare" in line for card in data.cards for line in card.who)
    assert "6.7 %" not in page.markdown(data)


def test_what_is_known_of_few_customers_is_not_told(make: Callable[..., Any]) -> None:
    """The others of the segment have no value: its mean would be that of three customers."""
    numbers = np.repeat([0.0, 50.0, 100.0], 20) + np.arange(60) % 7
    study = make({"spend": numbers, "age": numbers % 9 + numbers}, k=3)
    profile = tuple(
        replace(row, known=3, missing=0.85, mean=77.25)
        if (row.segment, row.feature) == (1, "age")
        else replace(row, known=20)
        for row in study.record.profile
    )
    record = replace(study.record, profile=profile)
    data = page.report_data(record, recommend(record, read_playbook()))
    assert data.heat is not None
    assert [[cell.text == "few" for cell in row.cells] for row in data.heat.rows] == [
        [row.feature == "age", False, False] for row in data.heat.rows
    ]
    assert not any("age" in line for line in data.cards[0].who)
    assert any("age" in line for line in data.cards[2].who)
    text = page.markdown(data)
    assert "77.2" not in text
    assert "77.3" not in text
