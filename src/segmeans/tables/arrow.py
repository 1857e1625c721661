"""Columns into and out of an engine through Arrow's C stream interface: no copies, no library.

What an engine gives is viewed where it lies (:class:`Reading`), and what is computed block by block
is offered to an engine that asks for one block after another (:class:`Offer`), so that neither side
ever holds more than a few blocks. Texts are passed on as they are, unseen.

The structures and who frees what when: https://arrow.apache.org/docs/format/CStreamInterface.html.
"""

from __future__ import annotations

import ctypes as c
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from segmeans.errors import SourceError

Array = npt.NDArray[Any]

TEXT = "text"
CAPSULE = b"arrow_array_stream"
EIO = 5
NULLABLE = 2

_FORMATS = {"i1": b"c", "u1": b"C", "i2": b"s", "i4": b"i", "i8": b"l", "f4": b"f", "f8": b"g"}
_FORMATS[TEXT] = b"u"


class _Schema(c.Structure):
    pass


class _Array(c.Structure):
    pass


class _Stream(c.Structure):
    pass


_FreeSchema = c.CFUNCTYPE(None, c.POINTER(_Schema))
_FreeArray = c.CFUNCTYPE(None, c.POINTER(_Array))
_FreeStream = c.CFUNCTYPE(None, c.POINTER(_Stream))
_GetSchema = c.CFUNCTYPE(c.c_int, c.POINTER(_Stream), c.POINTER(_Schema))
_GetNext = c.CFUNCTYPE(c.c_int, c.POINTER(_Stream), c.POINTER(_Array))
_GetError = c.CFUNCTYPE(c.c_void_p, c.POINTER(_Stream))

_Schema._fields_ = [
    ("format", c.c_char_p),
    ("name", c.c_char_p),
    ("metadata", c.c_char_p),
    ("flags", c.c_int64),
    ("n_children", c.c_int64),
    ("children", c.POINTER(c.POINTER(_Schema))),
    ("dictionary", c.POINTER(_Schema)),
    ("release", _FreeSchema),
    ("private_data", c.c_void_p),
]
_Array._fields_ = [
    ("length", c.c_int64),
    ("null_count", c.c_int64),
    ("offset", c.c_int64),
    ("n_buffers", c.c_int64),
    ("n_children", c.c_int64),
    ("buffers", c.POINTER(c.c_void_p)),
    ("children", c.POINTER(c.POINTER(_Array))),
    ("dictionary", c.POINTER(_Array)),
    ("release", _FreeArray),
    ("private_data", c.c_void_p),
]
_Stream._fields_ = [
    ("get_schema", _GetSchema),
    ("get_next", _GetNext),
    ("get_last_error", _GetError),
    ("release", _FreeStream),
    ("private_data", c.c_void_p),
]

_pointer_in = c.pythonapi.PyCapsule_GetPointer
_pointer_in.restype, _pointer_in.argtypes = c.c_void_p, [c.py_object, c.c_char_p]
_capsule_of = c.pythonapi.PyCapsule_New
_capsule_of.restype, _capsule_of.argtypes = c.py_object, [c.c_void_p, c.c_char_p, c.c_void_p]


# --- reading -----------------------------------------------------------------------------------


class Batch:
    """Some rows that an engine has given; freed when nothing looks at them any more."""

    def __init__(self, array: _Array, names: Mapping[str, int]) -> None:
        self._array, self._places = array, names
        self.rows = int(array.length)

    def __del__(self) -> None:
        if self._array.release:
            self._array.release(c.byref(self._array))

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """Return a view of a column of floats without missing values, shape (rows,)."""
        child = self.child(self._places[name])
        first = int(child.buffers[1] or 0) + 8 * (int(child.offset) + int(self._array.offset))
        held: Any = (c.c_double * self.rows).from_address(first)
        held.owner = self  # the view keeps what it looks at
        view: npt.NDArray[np.float64] = np.frombuffer(held, dtype=np.float64)
        view.flags.writeable = False
        return view

    def columns(self) -> dict[str, Array]:
        """Return all columns, none of them of text."""
        return {name: self.numbers(name) for name in self._places}

    def text(self, name: str) -> Text:
        """Return a column of texts, unread."""
        return Text(self, self._places[name], 0, self.rows)

    def child(self, place: int) -> _Array:
        """Return the structure of a column."""
        found: _Array = self._array.children[place].contents
        return found

    @property
    def offset(self) -> int:
        """Rows to leave out in front of every column."""
        return int(self._array.offset)


class Text:
    """A column of texts where it lies, or a part of one; all that can be done is to pass it on."""

    def __init__(self, batch: Batch, place: int, start: int, rows: int) -> None:
        self.batch, self.place, self.start, self.rows = batch, place, start, rows

    def __len__(self) -> int:
        return self.rows

    def part(self, start: int, rows: int) -> Text:
        """Return some of the rows."""
        return Text(self.batch, self.place, self.start + start, rows)


class Copied:
    """Texts of several batches in one column of its own.

    Parameters
    ----------
    parts : sequence of Text
    """

    def __init__(self, parts: Sequence[Text]) -> None:
        ends, letters, valid = [np.zeros(1, dtype=np.int32)], [], []
        for part in parts:
            child = part.batch.child(part.place)
            first = int(child.offset) + part.batch.offset + part.start
            offsets = _seen(int(child.buffers[1] or 0) + 4 * first, 4 * (len(part) + 1)).view("i4")
            start, end = int(offsets[0]), int(offsets[-1])
            whole = _seen(int(child.buffers[2] or 0) + start, end - start)
            ends.append(offsets[1:] - offsets[0] + ends[-1][-1])
            letters.append(whole)
            valid.append(_valid(child.buffers[0], first, len(part)))
        self.offsets, self.letters = np.concatenate(ends), np.concatenate(letters)
        self.valid = np.packbits(np.concatenate(valid), bitorder="little")

    def __len__(self) -> int:
        return len(self.offsets) - 1


def _seen(place: int, size: int) -> npt.NDArray[np.uint8]:
    """Return a view of memory that whoever asks keeps alive."""
    if not size:
        return np.empty(0, dtype=np.uint8)
    held: Any = (c.c_uint8 * size).from_address(place)
    view: npt.NDArray[np.uint8] = np.frombuffer(held, dtype=np.uint8)
    return view


def _valid(place: int | None, first: int, rows: int) -> npt.NDArray[np.uint8]:
    if not place:
        return np.ones(rows, dtype=np.uint8)
    bits = np.unpackbits(_seen(place + first // 8, (first % 8 + rows + 7) // 8), bitorder="little")
    return bits[first % 8 : first % 8 + rows]


def blocks(
    batches: Iterable[Batch], names: Sequence[str], text: str | None, rows: int
) -> Iterator[tuple[dict[str, npt.NDArray[np.float64]], Text | Copied | None]]:
    """Yield batches of any length again as blocks of the same length; the last may be shorter.

    Parameters
    ----------
    batches : iterable of Batch
    names : sequence of str
        Columns of numbers.
    text : str or None
        A column of texts.
    rows : int

    Yields
    ------
    dict of str to ndarray of shape (rows,), and the texts
    """
    waiting: list[tuple[Batch, int, int]] = []
    count = 0
    for batch in batches:
        at = 0
        while at < batch.rows:
            taken = min(rows - count, batch.rows - at)
            waiting.append((batch, at, taken))
            at, count = at + taken, count + taken
            if count == rows:
                yield _block(waiting, names, text)
                waiting, count = [], 0
    if waiting:
        yield _block(waiting, names, text)


def _block(
    pieces: Sequence[tuple[Batch, int, int]], names: Sequence[str], text: str | None
) -> tuple[dict[str, npt.NDArray[np.float64]], Text | Copied | None]:
    columns = {
        name: [batch.numbers(name)[at : at + rows] for batch, at, rows in pieces] for name in names
    }
    texts = [] if text is None else [batch.text(text).part(at, rows) for batch, at, rows in pieces]
    numbers = {n: own[0] if len(own) == 1 else np.concatenate(own) for n, own in columns.items()}
    return numbers, None if not texts else texts[0] if len(texts) == 1 else Copied(texts)


class Reading:
    """The batches of a stream.

    Parameters
    ----------
    source : object with ``__arrow_c_stream__``
        Used up by the iteration.
    """

    def __init__(self, source: Any) -> None:
        self._capsule = source.__arrow_c_stream__()
        place = _pointer_in(self._capsule, CAPSULE)
        self._stream: _Stream = c.cast(place, c.POINTER(_Stream)).contents
        schema = _Schema()
        self._check(self._stream.get_schema(c.byref(self._stream), c.byref(schema)))
        children = (schema.children[i].contents for i in range(schema.n_children))
        self._places = {child.name.decode(): place for place, child in enumerate(children)}
        schema.release(c.byref(schema))

    def __iter__(self) -> Iterator[Batch]:
        while True:
            array = _Array()
            self._check(self._stream.get_next(c.byref(self._stream), c.byref(array)))
            if not array.release:
                return
            yield Batch(array, self._places)

    def _check(self, code: int) -> None:
        if code:
            said = self._stream.get_last_error(c.byref(self._stream))
            text = c.string_at(said).decode("utf-8", "replace") if said else f"error {code}"
            raise StreamError(text)


class StreamError(SourceError):
    """What an engine said when it could not give more rows."""


# --- offering ----------------------------------------------------------------------------------

# Whoever asks may free what it got at any time and on any thread, so that the functions it calls
# live as long as the process, and look up what they are about by number.
_HELD: dict[int, Any] = {}
_NUMBERS = itertools.count(1)


def _hold(value: Any) -> int:
    number = next(_NUMBERS)
    _HELD[number] = value
    return number


class Offer:
    """Blocks of columns, made one by one when an engine asks for the next.

    Parameters
    ----------
    types : mapping of str to str
        Name of a column to ``"i1"``, ``"u1"``, ``"i2"``, ``"i4"``, ``"i8"``, ``"f4"``, ``"f8"`` or
        ``"text"``.
    blocks : iterator of mapping
        By name an array of that type, a :class:`Text` or :class:`Copied`; equally long within
        a block.

    Attributes
    ----------
    error : BaseException or None
        What went wrong while a block was made. The engine tells of it in words of its own; raise
        this instead.
    """

    def __init__(
        self, types: Mapping[str, str], blocks: Iterator[Mapping[str, Array | Text | Copied]]
    ) -> None:
        self.types = dict(types)
        self.error: BaseException | None = None
        self._blocks = blocks

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        stream = _Stream(_get_schema, _get_next, _get_error, _free_stream, None)
        stream.private_data = _hold((self, stream))
        return _capsule_of(c.addressof(stream), CAPSULE, None)

    def close(self) -> None:
        """Forget all streams that were made of this; whoever still asks gets nothing."""
        for number in [n for n, held in _HELD.items() if type(held) is tuple and held[0] is self]:
            del _HELD[number]

    def fill_schema(self, out: _Schema) -> None:
        """Describe the columns."""
        children = [
            _Schema(
                _FORMATS[kind], name.encode(), None, NULLABLE, 0, None, None, _free_schema, None
            )
            for name, kind in self.types.items()
        ]
        listed = (c.POINTER(_Schema) * len(children))(*map(c.pointer, children))
        whole = _Schema(b"+s", b"", None, 0, len(children), listed, None, _free_schema, None)
        whole.private_data = _hold([children, listed, whole])
        c.memmove(c.byref(out), c.byref(whole), c.sizeof(_Schema))

    def fill_next(self, out: _Array) -> None:
        """Give the next block, or the end."""
        block = next(self._blocks, None)
        if block is None:
            c.memset(c.byref(out), 0, c.sizeof(_Array))
            return
        kept: list[Any] = [block]
        rows = len(next(iter(block.values())))
        children = [_column(block[name], kind, kept) for name, kind in self.types.items()]
        listed = (c.POINTER(_Array) * len(children))(*map(c.pointer, children))
        valid = (c.c_void_p * 1)(None)
        whole = _Array(rows, 0, 0, 1, len(children), valid, listed, None, _free_array, None)
        kept += [children, listed, valid]
        whole.private_data = _hold(kept)
        c.memmove(c.byref(out), c.byref(whole), c.sizeof(_Array))


def _column(values: Array | Text | Copied, kind: str, kept: list[Any]) -> _Array:
    """Return the structure of a column; what it points to goes into ``kept``."""
    if isinstance(values, Text):
        child = values.batch.child(values.place)
        places = [child.buffers[i] for i in range(child.n_buffers)]
        nulls, first = int(child.null_count), int(child.offset) + values.batch.offset + values.start
    elif isinstance(values, Copied):
        parts = (values.valid, values.offsets, values.letters)
        places, nulls, first = [part.ctypes.data for part in parts], -1, 0
    else:
        plain = np.ascontiguousarray(values, dtype=kind)
        kept.append(plain)
        places, nulls, first = [None, plain.ctypes.data], 0, 0
    buffers = (c.c_void_p * len(places))(*places)
    kept.append(buffers)
    unknown = -1 if nulls else 0
    return _Array(
        len(values), unknown, first, len(places), 0, buffers, None, None, _free_array, None
    )


def _on_get_schema(stream: Any, out: Any) -> int:
    return _answered(stream, lambda offer: offer.fill_schema(out.contents))


def _on_get_next(stream: Any, out: Any) -> int:
    return _answered(stream, lambda offer: offer.fill_next(out.contents))


def _answered(stream: Any, fill: Any) -> int:
    offer, _ = _HELD.get(stream.contents.private_data, (None, None))
    if offer is None:
        return EIO
    try:
        fill(offer)
    except BaseException as error:  # no exception may pass through the engine
        offer.error = error
        return EIO
    return 0


_STOPPED = c.create_string_buffer(b"no more blocks can be made")


def _on_get_error(_: Any) -> int:
    return c.addressof(_STOPPED)


def _freed(structure: Any, kind: Any) -> None:
    _HELD.pop(structure.contents.private_data or 0, None)
    structure.contents.release = kind()


def _on_free_schema(schema: Any) -> None:
    _freed(schema, _FreeSchema)


def _on_free_array(array: Any) -> None:
    _freed(array, _FreeArray)


def _on_free_stream(stream: Any) -> None:
    _freed(stream, _FreeStream)


_get_schema, _get_next, _get_error = (
    _GetSchema(_on_get_schema),
    _GetNext(_on_get_next),
    _GetError(_on_get_error),
)
_free_schema = _FreeSchema(_on_free_schema)
_free_array = _FreeArray(_on_free_array)
_free_stream = _FreeStream(_on_free_stream)
