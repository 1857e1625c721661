"""Blocks fetched ahead: the same ones, in order, and no thread is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from segmeans.model.ahead import ahead


def counted(most: int, taken: list[int]) -> Iterator[int]:
    for number in range(most):
        taken.append(number)
        yield number


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "segmeans-ahead"]


def test_the_same_items_in_order() -> None:
    assert list(ahead(counted(50, []))) == [*range(50)]
    assert list(ahead(iter(()))) == []
    assert threads() == []


def test_no_more_wait_than_may() -> None:
    taken: list[int] = []
    items = ahead(counted(1000, taken), most=2)
    assert next(items) == 0
    items.close()
    assert len(taken) <= 5
    assert threads() == []


def test_an_error_is_raised_where_the_items_are_used() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    items = ahead(failing())
    assert next(items) == 1
    with pytest.raises(ValueError, match="broken"):
        next(items)
    assert threads() == []


def test_an_error_in_the_use_ends_the_thread() -> None:
    def use() -> None:
        for number in ahead(counted(1000, [])):
            assert number < 3, "enough"

    with pytest.raises(AssertionError, match="enough"):
        use()
    assert threads() == []
