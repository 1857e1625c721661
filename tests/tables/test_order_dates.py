"""Which dates cannot be those of an order: a rule that knows no clock."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from segmeans.tables.order_dates import last_sound_day

YEAR = [(date(2011, 1, 1) + timedelta(days=day), 10) for day in range(365)]


@pytest.mark.parametrize(
    ("late", "last"),
    [
        ([], None),
        ([(date(2021, 12, 1), 1)], None),  # less than ten years later
        ([(date(2022, 1, 5), 1)], date(2011, 12, 31)),
        ([(date(2022, 1, 5), 36)], date(2011, 12, 31)),  # 36 of 3,686 lines
        ([(date(2022, 1, 5), 40)], None),  # too many for a slip
        ([(date(2022, 1, 5), 20), (date(2040, 1, 5), 10)], date(2011, 12, 31)),
        ([(date(2100, 1, 1), 4000)], date(2011, 12, 31)),  # however many
    ],
)
def test_late_days(late: list[tuple[date, int]], last: date | None) -> None:
    assert last_sound_day([*YEAR, *late]) == last


def test_a_long_log_needs_a_longer_gap() -> None:
    long = [(date(1980 + year, 6, 1), 1000) for year in range(40)]
    assert last_sound_day([*long, (date(2040, 6, 1), 1)]) is None  # 21 years after a log of 39
    assert last_sound_day([*long, (date(2059, 6, 1), 1)]) == date(2019, 6, 1)


def test_early_slips_do_not_hide_late_ones() -> None:
    early = [(date(1900, 1, 1), 3)]
    assert last_sound_day([*early, *YEAR, (date(2055, 1, 1), 1)]) == date(2011, 12, 31)


def test_nothing_is_left_of_a_log_of_absurd_days() -> None:
    assert last_sound_day([(date(2999, 1, 1), 5)]) == date(2099, 12, 31)
