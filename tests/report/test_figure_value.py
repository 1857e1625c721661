"""Size against value: what is drawn is what the record says."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from segmeans.report import figures
from segmeans.segments.value import SegmentValue

SHARES = ((0.4, 0.05), (0.2, 0.65), (0.175, 0.2), (0.115, 0.06), (0.11, 0.04))


def with_value(study: Any, *, revenue: float = 1000.0) -> Any:
    worth = tuple(
        SegmentValue(
            segment=place + 1,
            customers=int(200 * customers),
            customer_share=customers,
            revenue=revenue * share,
            revenue_share=share if revenue else None,
            revenue_per_customer=revenue * share / (200 * customers),
            orders=10,
            order_share=0.2,
        )
        for place, (customers, share) in enumerate(SHARES)
    )
    return dataclasses.replace(study, commerce=SimpleNamespace(record=SimpleNamespace(value=worth)))


def test_it_needs_revenue(five: Any) -> None:
    assert "value" not in figures.available(five)
    assert "value" not in figures.available(with_value(five, revenue=0.0))
    assert "value" in figures.available(with_value(five))


def test_rings_and_discs_stand_at_the_shares(five: Any) -> None:
    [drawn] = figures.draw(with_value(five), ["value"])
    axes = drawn.figure.axes[0]
    pairs = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2]
    assert [tuple(map(float, pair)) for pair in pairs] == list(SHARES)
    said = [text.get_text() for text in axes.texts]
    assert {"of the customers", "of the revenue", "5.0 %", "40.0 %", "65.0 %", "20.0 %"} <= set(
        said
    )
    # segment 2: 650 from 40 customers is 16.25 each; everyone 1000 from 200 is 5: index 325
    assert "325" in said
    assert drawn.title == (
        f"20.0 % of the customers bring 65.0 % of the revenue: “{five.record.segments[1].name}”"
    )


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_losses_lie_left_of_nothing(five: Any, kind: str) -> None:
    study = with_value(five)
    first, *rest = study.commerce.record.value
    worth = (dataclasses.replace(first, revenue=-50.0, revenue_share=-0.05), *rest)
    study = dataclasses.replace(
        study, commerce=SimpleNamespace(record=SimpleNamespace(value=worth))
    )
    [drawn] = figures.draw(study, ["value"])
    assert drawn.figure.axes[0].get_xlim()[0] < 0
    assert figures.image(drawn, kind)
