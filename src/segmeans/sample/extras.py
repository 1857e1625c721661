"""Further columns of the made-up customers: some go with the segments, some do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmeans.sample.columns import Column, Dates, Labels, Mask, Numbers, Serials
from segmeans.sample.draws import LEVELS, Table, Whole, normal_table, share_table, skewed_table

Middles = NDArray[np.float64]  # (k, 3): age, income and score in the middle of each segment

CITIES = ("Lisbon", "Porto", "Lyon", "Graz", "Turin", "Ghent", "Malmö", "Brno")
FIRST_DAY, LAST_DAY = 16436, 20087  # 2015-01-01 to 2024-12-30


class Extra(NamedTuple):
    """A further column: its distribution per segment, and what its numbers stand for."""

    name: str
    table: Callable[[Middles], Table]
    column: Callable[[Whole, Whole, Mask | None], Column]  # values, customer numbers, missing


def _tenure(_: Middles) -> Table:
    return skewed_table(26, 0.9, 0, 240)[None, :]


def _visits(middles: Middles) -> Table:
    return np.stack([normal_table(2 + score / 8, 1.5, 0, 40) for _, _, score in middles])


def _basket(middles: Middles) -> Table:
    return np.stack(
        [skewed_table(800 + 40 * income, 0.25, 100, 99_999) for _, income, _ in middles]
    )


def _online(middles: Middles) -> Table:
    return np.stack([normal_table(95 - age, 8, 0, 100) for age, _, _ in middles])


def _city(_: Middles) -> Table:
    return share_table([8, 5, 4, 3, 2, 2, 1, 1])[None, :]


def _signup(_: Middles) -> Table:
    span = LAST_DAY - FIRST_DAY + 1
    return (FIRST_DAY + (np.arange(LEVELS) * span >> 16)).astype(np.int32)[None, :]


def _newsletter(_: Middles) -> Table:
    return share_table([6, 4])[None, :]


EXTRAS = (
    Extra("Tenure (months)", _tenure, lambda units, _, missing: Numbers(units, 0, missing)),
    Extra("Visits per Month", _visits, lambda units, _, missing: Numbers(units, 0, missing)),
    Extra("Average Basket ($)", _basket, lambda units, _, missing: Numbers(units, 2, missing)),
    Extra("Online Share (%)", _online, lambda units, _, missing: Numbers(units, 0, missing)),
    Extra("City", _city, lambda codes, _, missing: Labels(codes, CITIES, missing)),
    Extra("Signup Date", _signup, lambda days, _, missing: Dates(days, missing)),
    Extra("Newsletter", _newsletter, lambda codes, _, gone: Labels(codes, ("No", "Yes"), gone)),
    Extra(
        "Email",
        _newsletter,
        lambda _, ids, missing: Serials(ids, "customer", "@example.com", 6, missing),
    ),
)
