"""One look for all figures."""

from __future__ import annotations

import matplotlib as mpl
import pytest

from segmeans.report import theme


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_twenty_segments_differ_without_colour() -> None:
    looks = [theme.look(segment) for segment in range(1, 21)]
    assert len({(look.shape, look.hollow) for look in looks}) == 20
    assert len({(look.colour, look.hollow) for look in looks}) == 20


@pytest.mark.parametrize("segment", range(1, 11))
def test_numbers_can_be_read_on_their_discs(segment: int) -> None:
    look = theme.look(segment)
    on_it = "#ffffff" if look.on_it == "white" else look.on_it
    other = theme.INK if on_it == "#ffffff" else "#ffffff"
    assert contrast(look.colour, on_it) >= min(3.0, contrast(look.colour, other))


def test_text_stands_out_from_white() -> None:
    assert contrast(theme.INK, "#ffffff") > 7
    assert contrast(theme.MUTED, "#ffffff") > 4.5


def test_the_rules_hold_whatever_the_user_has_set_and_leave_it_as_it_was() -> None:
    with mpl.rc_context({"font.size": 30, "text.parse_math": True}):
        with theme.rules():
            assert mpl.rcParams["font.size"] == theme.LABEL
            assert mpl.rcParams["text.parse_math"] is False
        assert mpl.rcParams["font.size"] == 30


def test_lines_fit_and_the_last_one_tells_that_there_is_more() -> None:
    text = theme.wrap("one two three four five six seven eight", 1.0, 9, lines=2)
    lines = text.split("\n")
    assert len(lines) == 2
    assert all(theme.text_width(line, 9) <= 1.0 for line in lines)
    assert lines[-1].endswith("…")


@pytest.mark.parametrize("text", ["x" * 300, "Detergents_Paper" * 20, "\U0001f4b6" * 50, "", " "])
def test_any_text_fits(text: str) -> None:
    lines = theme.wrap(text, 0.9, 9, lines=2).split("\n")
    assert len(lines) <= 2
    assert all(theme.text_width(line, 9) <= 0.9 for line in lines)


def test_words_break_at_their_joints() -> None:
    assert theme.wrap("Detergents_Paper", 0.95, 9, lines=2) == "Detergents_\nPaper"


def test_a_percentage_is_not_torn_from_its_sign() -> None:
    wide = theme.text_width("the smallest 11.0", 9) + 0.02
    assert theme.wrap("the smallest 11.0 %", wide, 9, lines=2) == "the smallest\n11.0\u00a0%"


def test_names_break_between_traits() -> None:
    wide = theme.text_width("high income, high", 9) + 0.02
    assert theme.wrap_name("high income, high spending", wide, 9, lines=2) == (
        "high income,\nhigh spending"
    )


def test_characters_without_a_glyph_are_seen_to_be_missing() -> None:
    assert theme.drawable("net \U00020000") == f"net {theme.NO_GLYPH}"
    assert theme.drawable("الدخل € $x$") == "الدخل € $x$"


@pytest.mark.parametrize("ground", ["#08306b", "#4484bd", "#6ba3cf", "#c98848", "#fafafa"])
def test_text_on_a_ground_is_of_the_colour_that_stands_out_more(ground: str) -> None:
    inks = {"white": "#ffffff", theme.INK: theme.INK}
    taken = theme.ink_on(ground)
    assert contrast(ground, inks[taken]) == max(contrast(ground, ink) for ink in inks.values())


def test_lines_with_names_from_right_to_left_are_read_from_the_left() -> None:
    name = "\u05d4\u05db\u05e0\u05e1\u05d4 \u05e9\u05e0\u05ea\u05d9\u05ea"
    mark = "\u200e"  # LEFT-TO-RIGHT MARK: before the line, and between a name and a number
    assert theme.wrap(f"{name} 1,095 (+1.7 SD).", 9, 9, lines=1) == (
        f"{mark}{name}{mark} 1,095 (+1.7 SD)."
    )
    assert theme.wrap_name(f"high {name}, low {name}", 9, 9, lines=1) == (
        f"{mark}high {name}{mark}, low {name}{mark}"
    )
    assert mark not in theme.wrap("plain income", 9, 9, lines=1)
