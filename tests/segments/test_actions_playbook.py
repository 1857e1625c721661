"""The playbook: what comes with segmeans holds together, and a broken one says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmeans.errors import SettingError, SourceError
from segmeans.segments.actions_playbook import default_text, read_playbook
from segmeans.settings import Settings
from segmeans.study import conduct

RULE = """
[[rule]]
id = "a"
title = "A"
do = "Do it."
channel = "E-mail"
kpi = "share"
base = 0.1
lift = 0.1
"""


def test_the_own_playbook_is_sound() -> None:
    book = read_playbook()
    meanings = [meaning.name for meaning in book.meanings]
    assert len(set(meanings)) == len(meanings)
    needed = {name for rule in book.rules for name in rule.needs}
    assert all(one.absent for one in book.meanings if one.name in needed)
    for rule in book.rules:
        asked = set(rule.when) | set(rule.unless)
        assert "recency" not in rule.when or "recency" in rule.needs, rule.id
        assert not set(rule.when) & set(rule.unless), rule.id
        assert asked <= {*meanings, "other", "category", "answer", "minority"}
        assert rule.do.endswith(".")


def test_no_word_of_the_own_playbook_promises_a_return() -> None:
    text = default_text().casefold()
    assert not any(word in text for word in ("roi", "return on investment", "uplift of", "profit"))


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("days since last order", "recency"),
        ("recency", "recency"),
        ("days since first order", "tenure"),
        ("orders", "frequency"),
        ("num web purchases", "frequency"),
        ("mean days between orders", "other"),
        ("revenue", "spend"),
        ("spending score", "spend"),
        ("revenue per order", "basket"),
        ("annual income", "income"),
        ("age", "age"),
        ("average rating", "satisfaction"),
        ("share of orders with voucher", "discount"),
        ("return rate", "returns"),
        ("fresh", "other"),
        ("storage", "other"),  # "age" only as a word of its own
    ],
)
def test_meanings_of_everyday_names(words: str, meaning: str) -> None:
    assert read_playbook().meaning(words) == meaning


def test_a_playbook_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[[meaning]]\nname = "milk"\nwords = ["milk"]\n' + RULE + 'when = {milk="low"}')
    book = read_playbook(path)
    assert book.rules[0].when == {"milk": "low"}
    assert book.meaning("milk and more") == "milk"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (RULE + RULE, "one id .*Found: a"),
        (RULE + 'when = {spend = "high"}', "no such meaning"),
        (RULE + 'needs = ["spend"]', "no such meaning"),
        (RULE + 'when = {other = "up"}', "'when' is not understood"),
        (RULE + 'when = {other = ["low"]}', "'when' is not understood"),
        (RULE.replace("base = 0.1", "base = 1.5"), "cannot be sized"),
        (RULE.replace("base = 0.1", 'base = "x"'), "'base' is missing or no number"),
        (RULE.replace('kpi = "share"', ""), "'kpi' is missing"),
        (RULE + 'chanel = "x"', "not known.*Try: 'channel'"),
        ("rules = 1", "not known.*Try: 'rule'"),
        ("rule = 1", "no list of tables"),
        ('[[meaning]]\nname = "x"\nwords = []', "'words' is no list of texts"),
    ],
)
def test_what_is_wrong_is_said(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(SettingError, match=complaint) as caught:
        read_playbook(path)
    assert "own.toml" in str(caught.value)


def test_no_file_and_no_toml(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        read_playbook(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("= 1")
    with pytest.raises(SourceError, match="cannot be read"):
        read_playbook(tmp_path / "bad.toml")


def test_a_fault_is_said_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="playbook does not exist"):
        conduct("no-such.csv", Settings(playbook=str(tmp_path / "none.toml")))
