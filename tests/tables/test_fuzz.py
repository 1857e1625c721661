"""Whatever the bytes are, the reader gives a table or one of our errors, and loses no row."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmeans.errors import SegmeansError
from segmeans.settings import Settings
from segmeans.tables.roles import recognise
from segmeans.tables.source import open_table

BUDGET = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ONE_THREAD = Settings(threads=1)

cells = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8),
    st.from_regex(r"-?[0-9]{1,6}([.,][0-9]{1,3})?", fullmatch=True),
    st.sampled_from(
        ["", "NA", "inf", "nan", "2024-02-30", "01/02/2024", "$5", "5%", "0x1F", "1e999"]
    ),
)
names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=6)


def read(path: Path, asked: Settings = ONE_THREAD) -> int:
    with open_table(path, asked) as opened:
        rows = opened.table.n_rows
        assert rows == opened.info.rows > 0
        try:
            roles = recognise(opened.table, asked).roles
        except SegmeansError:
            return rows
        assert [role.name for role in roles] == list(opened.table.names)
        return rows


@BUDGET
@given(data=st.binary(max_size=400))
def test_arbitrary_bytes_give_a_table_or_our_error(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    with suppress(SegmeansError):
        read(path)
    assert path.read_bytes() == data


@BUDGET
@given(data=st.text(alphabet='a1,;"\t\n\r. -', max_size=200))
def test_arbitrary_delimited_text_gives_a_table_or_our_error(data: str, tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data.encode())
    with suppress(SegmeansError):
        read(path)


@BUDGET
@given(
    start=st.sampled_from(
        [
            b"PAR1",
            b"SQLite format 3\x00",
            b"PK\x03\x04",
            b"\x1f\x8b\x08",
            b"BZh9",
            b"\xfd7zXZ\x00",
            b"\xff\xfe",
            b"\xfe\xff",
            b"\x00\x00\x00\x00\x00\x00\x00\x00DUCK",
            b"\xd0\xcf\x11\xe0",
            b"{",
            b"[{",
        ]
    ),
    data=st.binary(max_size=200),
    name=st.sampled_from(["x.csv", "x.parquet", "x.xlsx", "x.jsonl", "x.db"]),
)
def test_false_magic_gives_our_error(start: bytes, data: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(start + data)
    with suppress(SegmeansError):
        read(path)


@BUDGET
@given(
    header=st.lists(names, min_size=2, max_size=5),
    rows=st.data(),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_well_formed_file_keeps_every_row_in_order(
    header: list[str],
    rows: st.DataObject,
    separator: str,
    ending: str,
    encoding: str,
    tmp_path: Path,
) -> None:
    header = [f"c{i}{name}" for i, name in enumerate(header)]
    body = rows.draw(
        st.lists(
            st.lists(cells, min_size=len(header), max_size=len(header)), min_size=1, max_size=12
        )
    )
    # a first column that marks the row, so that no row is blank and order can be seen
    grid = [["mark", *header], *([f"row{i}", *row] for i, row in enumerate(body))]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=ending).writerows(grid)
    path = tmp_path / "well.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    asked = Settings(threads=1, separator="tab" if separator == "\t" else separator)
    with open_table(path, asked) as opened:
        marks = [value for value in opened.table.texts(opened.table.names[0]) if value is not None]
    assert marks == [f"row{i}" for i in range(len(body))]


@pytest.mark.parametrize("kind", ["float", "int", "str"])
def test_frames_of_any_values_are_read(kind: str) -> None:
    @BUDGET
    @given(
        values=st.lists(
            {"float": st.floats(), "int": st.integers(), "str": st.text()}[kind],
            min_size=1,
            max_size=20,
        )
    )
    def check(values: list[object]) -> None:
        with (
            suppress(SegmeansError),
            open_table({"x": values, "row": list(range(len(values)))}, ONE_THREAD) as opened,
        ):
            assert opened.table.n_rows == len(values)

    check()
