"""Read the next blocks while this one is worked on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

Item = TypeVar("Item")

AHEAD = 3
"""Blocks that wait at most; memory stays bounded."""


def ahead(items: Iterable[Item], most: int = AHEAD) -> Generator[Item, None, None]:
    """Yield the same items, fetched by a thread of their own.

    The thread ends with the iteration, however that ends; an error in it is raised here.

    Parameters
    ----------
    items : iterable
        Used in the other thread alone.
    most : int, default=3
        Items that wait at most.

    Yields
    ------
    item

    Examples
    --------
    >>> list(ahead(range(3)))
    [0, 1, 2]
    """
    waiting: queue.Queue[Item | BaseException | None] = queue.Queue(most)
    stopped = threading.Event()

    def put(item: Item | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def fetch() -> None:
        try:
            for item in items:
                if not put(item):
                    return
            put(None)
        except BaseException as error:  # handed over, to be raised where it can be caught
            put(error)

    worker = threading.Thread(target=fetch, name="segmeans-ahead", daemon=True)
    worker.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        worker.join()
