"""What a model keeps of the day of training, against the customers of that day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from segmeans import segment
from segmeans.sample import CustomerMarket, write_customers
from segmeans.study import Study


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, pd.DataFrame]:
    path = tmp_path_factory.mktemp("sample") / "customers.csv"
    write_customers(path, 1200, 4, CustomerMarket(missing=0.05, extra=6))
    study = segment(path, k=3, fast=True, features=["Age", "Tenure (months)", "City"])
    with study:
        return study, pd.read_csv(path)


def test_distances_and_spread(trained: tuple[Study, pd.DataFrame]) -> None:
    study, _ = trained
    for one in study.model.record.segments:
        own = study.assigned.distance[study.labels == one.number]
        wanted = np.quantile(own, [0.5, 0.9, 0.99, 0.999, 1.0])
        assert one.distances == pytest.approx(wanted, rel=1e-5)
        assert one.distances[-1] >= own.max()
        assert one.spread == pytest.approx(np.sqrt(np.mean(own.astype(float) ** 2)), rel=1e-5)


def test_a_tenth_was_border_and_half_core(trained: tuple[Study, pd.DataFrame]) -> None:
    study, customers = trained
    told = study.model.assign(customers).to_dict()
    assert np.mean(told["standing"] == "border") == pytest.approx(0.1, abs=0.01)
    assert np.mean(told["standing"] == "core") == pytest.approx(0.5, abs=0.01)
    assert np.mean(told["unlike"].astype(bool)) < 0.005


def test_values_seen(trained: tuple[Study, pd.DataFrame]) -> None:
    study, customers = trained
    seen = {one.column: one for one in study.model.record.seen}
    for name in ("Age", "Tenure (months)"):
        values = customers[name].dropna()
        bins = [-np.inf, *seen[name].edges, np.inf]
        counts = np.histogram(-values, [-edge for edge in reversed(bins)])[0][::-1]
        assert seen[name].shares == pytest.approx(counts / len(values), abs=1e-6)
        assert seen[name].missing == pytest.approx(customers[name].isna().mean(), abs=1e-6)
    [levels] = [f.levels for f in study.record.preparation.features if f.column == "City"]
    shares = customers["City"].value_counts(normalize=True)
    wanted = [shares.get(level, 0.0) for level in levels]
    assert seen["City"].shares == pytest.approx([*wanted, 1 - sum(wanted)], abs=1e-6)
