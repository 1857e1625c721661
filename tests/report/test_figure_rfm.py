"""RFM as pictures: what stands in each cell, by hand."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from segmeans.report import figure_rfm, figures, theme
from segmeans.segments.rfm import RfmRecord, rfm
from segmeans.segments.rfm_names import COLUMNS, parse_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLE = f"""{",".join(COLUMNS)}
Best <b>,3,active,2,2,2,2,1,2,a
Fresh,2,active,2,2,1,1,1,2,b
Gone,1,lapsed,1,1,1,2,1,2,c
"""
# Recency 2 and frequency 2: six customers who spent 100 each; 2 and 1: five who spent 10;
# 1 and 1: ten who spent 1; 1 and 2: one who spent 1000 and must not be told apart.
DAYS = [1] * 11 + [100] * 11
ORDERS = [5] * 6 + [1] * 5 + [1] * 10 + [5]
MONEY = [100.0] * 6 + [10.0] * 5 + [1.0] * 10 + [1000.0]


@pytest.fixture(autouse=True)
def _rules() -> Iterator[None]:
    with theme.rules():
        yield


def record(*, money: bool = True) -> RfmRecord:
    return rfm(DAYS, ORDERS, MONEY if money else None, table=parse_names(TABLE)).record


def texts(figure: Figure) -> dict[tuple[float, float], list[str]]:
    """Return what is written in each cell, by recency and frequency."""
    found: dict[tuple[float, float], list[str]] = {}
    for text in figure.axes[0].texts:
        x, y = text.get_position()
        found.setdefault((int(y) + 1, int(x) + 1), []).append(text.get_text())
    return found


def test_the_heat_map_shows_mean_revenue_and_spares_the_few() -> None:
    words, figure = figure_rfm.heat(record())
    assert texts(figure) == {
        (2, 1): ["10", "5"],
        (2, 2): ["100", "6"],
        (1, 1): ["1", "10"],
        (1, 2): ["few", "1"],
    }
    assert words.title == "Customers of recency 2 and frequency 2 bring the most: 100 each"


def test_without_amounts_it_counts_customers() -> None:
    words, figure = figure_rfm.heat(record(money=False))
    assert texts(figure)[1, 1] == ["10", "45.5 %"]
    assert words.title == "45.5 % of the customers share recency 1 and frequency 1"


def test_the_grid_joins_cells_of_one_name_and_names_each_patch_once() -> None:
    words, figure = figure_rfm.grid(record())
    written = texts(figure)
    assert sorted(text for cell in written.values() for text in cell) == sorted(
        ["Best <b>", "Fresh", "Gone", "27.3 %", "22.7 %", "45.5 %", "4.5 %"]
    )
    assert "Gone" in written[1, 1]
    borders = {tuple(map(tuple, line.get_xydata())) for line in figure.axes[0].lines}
    assert ((1, 1), (1, 2)) in borders  # between Fresh and Best
    assert ((1, 0), (1, 1)) not in borders  # within Gone
    assert words.title == "50.0 % of the customers are “Gone”"


def test_shares_of_customers_and_revenue() -> None:
    words, figure = figure_rfm.shares(record())
    widths = [round(float(bar.get_width()), 4) for bar in figure.axes[0].patches]
    whole = sum(MONEY)
    money = [600 / whole, 50 / whole, 1010 / whole]
    people = [6 / 22, 5 / 22, 11 / 22]
    expected = [round(value, 4) for pair in zip(people, money, strict=True) for value in pair]
    assert widths == expected
    assert words.title == "“Gone”: 50.0 % of the customers, 60.8 % of the revenue"
    assert len(figure_rfm.shares(record(money=False))[1].axes[0].patches) == 3


@pytest.mark.parametrize("name", ["rfm_heat", "rfm_grid", "rfm_shares"])
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_only_studies_of_orders_have_them(five: Any, name: str, kind: str) -> None:
    assert name not in figures.available(five)
    commerce = SimpleNamespace(record=SimpleNamespace(rfm=record(), value=()))
    study: Any = SimpleNamespace(record=five.record, sample=five.sample, commerce=commerce)
    assert name in figures.available(study)
    [drawn] = figures.draw(study, [name])
    first, second = (figures.image(drawn, kind) for _ in range(2))
    assert first == second
    assert len(first) > 5_000


def test_one_customer_and_every_bin_empty_but_one() -> None:
    alone = rfm([3], [1], [9.5]).record
    for draw in (figure_rfm.heat, figure_rfm.grid, figure_rfm.shares):
        assert draw(alone)[0].title
    assert np.isfinite(figure_rfm.heat(alone)[1].axes[0].get_xlim()).all()
