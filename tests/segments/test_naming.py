"""Whose a name is, and what happens when two segments would have one."""

from __future__ import annotations

import pytest

from segmeans.errors import SettingError
from segmeans.records import ModelSegment
from segmeans.segments.naming import find, given, renamed
from segmeans.settings import Settings

SEGMENTS = tuple(
    ModelSegment(number=number, id=f"s-{number}{number}", name=name, size=10, share=0.25)
    for number, name in enumerate(("the middle", "older", "younger", "3"), start=1)
)


def test_a_segment_is_meant_by_id_name_or_number_in_that_order() -> None:
    keys = ("s-22", "older", " OLDER ", "2", "3", "4", "nobody")
    assert [find(SEGMENTS, key) for key in keys] == [1, 1, 1, 1, 3, 3, None]


def test_renaming_keeps_the_others_and_may_swap() -> None:
    names = {"older": "younger", "younger": "older"}
    assert renamed(SEGMENTS, names, where="m") == ("the middle", "younger", "older", "3")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"oldr": "x"}, "There is no such segment (m). Found: oldr. Allowed: the number, id or "),
        ({"older": "Younger"}, "Two segments would have one name (m). Found: 'Younger' for seg"),
        ({"older": "a", "2": "b"}, "One segment is given two names (segment 2). Found: 'a' for"),
    ],
)
def test_what_cannot_be_is_refused(names: dict[str, str], said: str) -> None:
    with pytest.raises(SettingError) as caught:
        renamed(SEGMENTS, names, where="m")
    assert str(caught.value).startswith(said)


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(SettingError, match="Try: 'younger'"):
        renamed(SEGMENTS, {"yonger": "x"}, where="m")


def test_in_a_study_a_made_up_name_gives_way_to_a_wish() -> None:
    told, findings = given(SEGMENTS, {"1": "Older", "4": "the middle"})
    assert told == ("Older", "older (2)", "younger", "the middle")
    assert findings == ()


def test_in_a_study_a_name_for_nobody_is_a_finding() -> None:
    told, [finding] = given(SEGMENTS, {"gone": "Ghosts", "2": "Elders"})
    assert told[1] == "Elders"
    assert (finding.code, finding.level) == ("name-without-segment", "warning")
    assert "'gone'" in finding.evidence
    assert "2 (older)" in finding.advice


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"1": ""}, "This is no name for a segment (names). Found: ''"),
        ({"1": "a\nb"}, "This is no name for a segment"),
        ({"1": "x" * 81}, "Allowed: 1 to 80 characters on one line"),
        ({"1": "Same", "2": "same"}, "Two segments would have one name (names)"),
        ({"1": 5}, "The setting 'names' has a value that is not allowed"),
        ("Regulars", "Allowed: SEGMENT=NAME, all names different"),
    ],
)
def test_names_are_checked_before_the_work(names: object, said: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.ask({"names": names})
    assert said in str(caught.value)


def test_names_come_as_mapping_or_pairs() -> None:
    wished = {"a=b": "Fans", "2": "Late 👩‍🌾"}
    assert Settings(names=wished).names == wished
    assert Settings(names=["a=b=Fans", "2 = Late 👩‍🌾"]).names == wished
