"""Delimited text in all its variety: the same customers come out of every spelling."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segmeans.errors import DataError, SegmeansError, SettingError, SourceError
from segmeans.settings import Settings
from segmeans.tables import sql
from segmeans.tables.source import Opened, open_table

HEADER = ["CustomerID", "City", "Age", "Income"]
ROWS = [
    ("0001", "Köln", 19, 1234.5),
    ("0002", 'Bad "Tölz", Süd', 40, 99999.25),
    ("0003", "Oslo", 33, None),
    ("0004", "Rome", 51, -7.0),
    ("0005", "Oslo", 28, 12.0),
]

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes, name: str = "customers.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def quoted(cell: object, separator: str) -> str:
    text = "" if cell is None else str(cell)
    if separator in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def table(separator: str = ",", ending: str = "\n", decimal: str = ".") -> str:
    lines = [separator.join(HEADER)]
    for row in ROWS:
        cells = [
            quoted(str(cell).replace(".", decimal) if isinstance(cell, float) else cell, separator)
            for cell in row
        ]
        lines.append(separator.join(cells))
    return ending.join(lines) + ending


def rows(opened: Opened) -> list[tuple[Any, ...]]:
    return opened.table.engine.rows("SELECT * FROM data")


def codes(opened: Opened) -> set[str]:
    return {finding.code for finding in opened.findings}


def evidence(opened: Opened, code: str) -> str:
    return next(finding.evidence for finding in opened.findings if finding.code == code)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_every_spelling_gives_the_same_rows(
    separator: str, ending: str, encoding: str, write: Write
) -> None:
    content = table(separator, ending).encode(encoding)
    path = write(content)
    with open_table(path, Settings(threads=1)) as opened:
        assert rows(opened) == ROWS
        assert [column.type for column in opened.table.columns] == [
            "VARCHAR",
            "VARCHAR",
            "BIGINT",
            "DOUBLE",
        ]
        assert opened.info.fingerprint == hashlib.sha256(content).hexdigest()
    assert path.read_bytes() == content


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files_are_known_by_their_bytes(
    pack: Callable[[bytes], bytes], write: Write
) -> None:
    with open_table(write(pack(table().encode()))) as opened:
        assert rows(opened) == ROWS


def test_a_decimal_comma_decides_for_the_whole_table(write: Write) -> None:
    content = (
        "id;amount;whole;plain\na;1.234,50 €;1.234;5\nb;7,25 €;12.500;6\nc;-3,00 €;850;7\n"
        "d;(1.000,00) €;1.000.000;8\n"
    )
    with open_table(write(content)) as opened:
        assert rows(opened) == [
            ("a", 1234.5, 1234.0, 5),
            ("b", 7.25, 12500.0, 6),
            ("c", -3.0, 850.0, 7),
            ("d", -1000.0, 1000000.0, 8),
        ]


def test_thousands_currency_and_per_cent_are_read(write: Write) -> None:
    content = (
        'id,spend,share,gap\na,"$1,234.50",45%,1 234\nb,"US$ 99,000",7.5%,12 000\n'
        "c,$7,0%,3\nd,-$5.25,100%,4\n"
    )
    with open_table(write(content)) as opened:
        assert rows(opened) == [
            ("a", 1234.5, 45.0, 1234.0),
            ("b", 99000.0, 7.5, 12000.0),
            ("c", 7.0, 0.0, 3.0),
            ("d", -5.25, 100.0, 4.0),
        ]
        assert "number-format" in codes(opened)


def test_numbers_that_can_be_read_two_ways_are_a_finding_until_decided(write: Write) -> None:
    path = write("id;x\na;1,234\nb;5,678\nc;9,012\n")
    with open_table(path) as opened:
        assert "unclear-decimal" in codes(opened)
        assert [row[1] for row in rows(opened)] == [1234.0, 5678.0, 9012.0]
    with open_table(path, Settings(decimal=",")) as opened:
        assert "unclear-decimal" not in codes(opened)
        assert [row[1] for row in rows(opened)] == [1.234, 5.678, 9.012]


def test_a_title_and_a_description_row_are_left_out_and_reported(write: Write) -> None:
    content = "Customers of May\n\nid,age,income\nthe id,in years,in euro\n" + "".join(
        f"c{i},{20 + i},{1000 + i}\n" for i in range(8)
    )
    with open_table(write(content)) as opened:
        assert opened.table.names == ("id", "age", "income")
        assert opened.table.n_rows == 8
        assert {"title-rows", "description-row"} <= codes(opened)


def test_a_title_padded_with_separators_is_left_out(write: Write) -> None:
    with open_table(write("Report,,\nid,age,income\na,1,2\nb,3,4\nc,5,7\n")) as opened:
        assert opened.table.names == ("id", "age", "income")
        assert opened.table.n_rows == 3


def test_a_file_without_header_gets_names_and_a_finding(write: Write) -> None:
    with open_table(write("1,2.5,a\n2,3.5,b\n3,4.5,c\n")) as opened:
        assert opened.table.names == ("column_1", "column_2", "column_3")
        assert opened.table.n_rows == 3
        assert "no-header" in codes(opened)


def test_header_is_tidied_and_made_unique(write: Write) -> None:
    with open_table(write(' Age ,age,,"two\nlines"\n1,2,3,4\n5,6,7,8\n')) as opened:
        assert opened.table.names == ("Age", "age_2", "column_3", "two lines")
        assert rows(opened) == [(1, 2, 3, 4), (5, 6, 7, 8)]
        assert "renamed-columns" in codes(opened)


def test_row_names_without_a_header_of_their_own_are_kept(write: Write) -> None:
    with open_table(write("age,income\nann,1,2\nbob,3,4\neve,5,6\n")) as opened:
        assert opened.table.names == ("column_1", "age", "income")
        assert rows(opened)[0] == ("ann", 1, 2)


def test_blanks_separate_columns_when_nothing_else_does(write: Write) -> None:
    with open_table(write(" id   amount\n 0001  11.77\n 0002   5.00\n")) as opened:
        assert rows(opened) == [("0001", 11.77), ("0002", 5.0)]


def test_rows_that_do_not_fit_are_counted_and_listed(write: Write) -> None:
    good = "".join(f"c{i},{i},x\n" for i in range(50))
    content = (
        "id,n,w\n" + good + 'long,1,x,extra\nshort,2\n\n,,\nlonger,1,x,y,z,u\n"bad"quote,3,x\n'
    )
    with open_table(write(content)) as opened:
        assert opened.table.n_rows == 51
        assert "3 rows do not fit" in evidence(opened, "rejected-rows")
        assert "1 row" in evidence(opened, "short-rows")
        assert "'short | 2'" in evidence(opened, "short-rows")
        assert "1 row" in evidence(opened, "blank-rows")


@pytest.mark.parametrize(
    ("content", "names", "expected"),
    [
        ("'a','b'\n'1','x, y'\n'2','z'\n", ("a", "b"), [(1, "x, y"), (2, "z")]),
        ('a,b\n1,"x \\"y\\" z"\n2,"w"\n', ("a", "b"), [(1, 'x "y" z'), (2, "w")]),
        ("sep=;\na;b\n1;2\n3;4\n", ("a", "b"), [(1, 2), (3, 4)]),
        ("a,b\n1,2,\n3,4,\n", ("a", "b"), [(1, 2), (3, 4)]),
        ("a,b,c\n1,2\n3,4\n", ("a", "b", "c"), [(1, 2, None), (3, 4, None)]),
        ("city,2019,2020\nA,1,2\nB,4,5\n", ("city", "2019", "2020"), [("A", 1, 2), ("B", 4, 5)]),
        ("a|b\n1|x;y,z\n2|w,;\n", ("a", "b"), [(1, "x;y,z"), (2, "w,;")]),
        ("a\u2028b,c\n1,2\n3,4\n", ("a b", "c"), [(1, 2), (3, 4)]),
        ("it's,b\n1,o'clock\n2,x\n", ("it's", "b"), [(1, "o'clock"), (2, "x")]),
    ],
)
def test_unusual_ways_to_write_rows(
    content: str, names: tuple[str, ...], expected: list[tuple[Any, ...]], write: Write
) -> None:
    with open_table(write(content)) as opened:
        assert opened.table.names == names
        assert rows(opened) == expected


def test_a_row_of_totals_is_left_out_and_reported(write: Write) -> None:
    content = "id,n\n" + "".join(f"c{i},{i}\n" for i in range(9)) + "Total:,36\n"
    with open_table(write(content)) as opened:
        assert opened.table.n_rows == 9
        assert "'Total: | 36'" in evidence(opened, "total-row")


def test_a_column_of_infinities_is_missing_numbers(write: Write) -> None:
    with open_table(write("id,n\na,inf\nb,-inf\n")) as opened:
        assert rows(opened) == [("a", None), ("b", None)]
        assert "infinite-values" in codes(opened)


def test_quoted_line_breaks_and_separators_stay_in_their_cell(write: Write) -> None:
    content = 'id,note,n\n1,"two\nlines, and a comma",5\n2,"say ""hi""",6\n3,,7\n'
    with open_table(write(content)) as opened:
        assert [row[1] for row in rows(opened)] == ["two\nlines, and a comma", 'say "hi"', None]


def test_markers_of_missing_and_infinite_values_become_missing(write: Write) -> None:
    content = "id,n,m\n" + "".join(f"c{i},{i}.5,{i}\n" for i in range(30)) + "x,NA,inf\ny,?,-\n"
    with open_table(write(content)) as opened:
        assert rows(opened)[-2:] == [("x", None, None), ("y", None, None)]
        assert {"missing-markers", "infinite-values"} <= codes(opened)


def test_a_few_words_among_numbers_are_missing_and_listed(write: Write) -> None:
    content = "id,n\n" + "".join(f"c{i},{i}\n" for i in range(30)) + "x,soon\n"
    with open_table(write(content)) as opened:
        assert opened.table.column("n").is_number
        assert "'soon'" in evidence(opened, "text-in-numbers")


def test_codes_with_letters_stay_text(write: Write) -> None:
    content = "row,article\n" + "".join(f"r{i},{1000 + i}\n" for i in range(30)) + "x,1007A\n"
    with open_table(write(content)) as opened:
        assert opened.table.column("article").type == "VARCHAR"
        assert rows(opened)[-1] == ("x", "1007A")


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("2024-03-31", "2024-03-31"),
        ("31.03.2024", "2024-03-31"),
        ("31/03/2024", "2024-03-31"),
        ("03/31/2024", "2024-03-31"),
        ("20240331", "2024-03-31"),
        ("31 Mar 2024", "2024-03-31"),
        ("March 31, 2024", "2024-03-31"),
    ],
)
def test_dates_are_read_in_every_usual_order(written: str, first: str, write: Write) -> None:
    with open_table(write(f'id,when\na,"{written}"\nb,"{written}"\n')) as opened:
        assert opened.table.column("when").type == "DATE"
        assert str(rows(opened)[0][1]) == first


def test_dates_that_can_be_read_two_ways_are_a_finding(write: Write) -> None:
    with open_table(write("id,when\na,01/02/2024\nb,03/04/2024\n")) as opened:
        assert "unclear-date" in codes(opened)


def test_times_of_day_are_kept(write: Write) -> None:
    with open_table(write("id,when\na,2024-03-31 08:26\nb,2024-04-01 00:00\n")) as opened:
        assert opened.table.column("when").type == "TIMESTAMP"
        assert str(rows(opened)[0][1]) == "2024-03-31 08:26:00"


def test_some_broken_characters_are_a_finding_not_another_encoding(write: Write) -> None:
    content = table().encode() + "0006,Zürich Ä Ö Ü é è ê ë à â î ï ô û,1,2\n".encode() * 3
    with open_table(write(content + b"0007,broken \xff,1,2\n")) as opened:
        assert "broken-characters" in codes(opened)
        assert rows(opened)[1][1] == 'Bad "Tölz", Süd'


def test_the_encoding_can_be_stated(write: Write) -> None:
    path = write("id,city\n1,Łódź\n2,Gdańsk\n".encode("cp1250"))
    with open_table(path, Settings(encoding="cp1250")) as opened:
        assert [row[1] for row in rows(opened)] == ["Łódź", "Gdańsk"]


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("content", "asked", "kind", "says"),
    [
        (b"", {}, SourceError, "empty"),
        (b"\n \n\t\n", {}, SourceError, "empty"),
        (b"<!DOCTYPE html><html>\n", {}, SourceError, "web page"),
        (b"id,age\n", {}, DataError, "header and no rows"),
        (PNG, {}, SourceError, "PNG"),
        (bytes(range(256)) * 40, {}, SourceError, "not text"),
        (gzip.compress(b"id,age\n" * 999, mtime=0)[:40], {}, SourceError, "damaged"),
        (b'id,n\n1,2\n"3,4\n5,6\n7,8\n', {}, SourceError, "quotation mark"),
        (b"a,b\n" + b"1,2,3\n1\n" * 30 + b"1,2\n" * 40, {}, SourceError, "do not fit"),
        (b"a,b,c\n1,2,3\n4,5,6\n", {"separator": ";"}, SourceError, "separated by comma"),
        (b"a,b\n1,2\n", {"separator": "ab"}, SettingError, "separator"),
        (b"a,b\n1,2\n", {"separator": '"'}, SettingError, "separator"),
        (b"a,b\n1,2\n", {"encoding": "utf-99"}, SettingError, "encoding"),
        (b"a,b\n1,\xff\n", {"encoding": "utf-8"}, SettingError, "encoding"),
        (b"a,b\n1,2\n", {"query": "select 1"}, SettingError, "database"),
        (b"age,b\n1,2\n", {"features": ["aeg"]}, SegmeansError, "Try: 'age'"),
        (b"age,b\n1,2\n", {"id": "c"}, SegmeansError, "no column 'c'"),
    ],
)
def test_bad_files_give_one_clear_error(
    content: bytes, asked: dict[str, Any], kind: type[SegmeansError], says: str, write: Write
) -> None:
    with pytest.raises(kind, match=says):
        open_table(write(content), Settings(**asked))


def test_order_and_bytes_survive_many_rows(write: Write) -> None:
    n = 200_000
    content = "mark,level,note\n" + "".join(
        f'{i},{"abcdefghij"[i % 10]}{i % 7},"n, {i % 3}"\n' for i in range(n)
    )
    with open_table(write(content), Settings(threads=2)) as opened:
        marks = opened.table.texts("mark")
        assert marks.tolist() == [str(i) for i in range(n)]


def test_one_row_and_one_column_are_tables(write: Write) -> None:
    with open_table(write("age\n7\n")) as opened:
        assert rows(opened) == [(7,)]


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("Mall_Customers.csv", False),
        ("Mall_Customers_genre.csv", True),
        ("variants/Mall_Customers_genre_short.csv", True),
        ("variants/Mall_Customers_short_headers.csv", False),
        ("variants/Mall_Customers_snake_case.csv", True),
    ],
)
def test_the_mall_table_is_the_same_under_every_header(
    name: str, renamed: bool, data_dir: Path
) -> None:
    with open_table(data_dir / "mall" / name) as opened:
        assert rows(opened)[0] == ("0001" if renamed else "1", "Male", 19, 15, 39)
        numbers = opened.table.fetch({n: sql.column(n) for n in opened.table.names[2:]})
    ranges = [(values.min(), values.max()) for values in numbers.values()]
    assert ranges == [(18, 70), (15, 137), (1, 99)]


def test_cdnow_is_read_with_its_ids(data_dir: Path) -> None:
    with open_table(data_dir / "cdnow" / "CDNOW_master.txt") as opened:
        found = opened.table.engine.rows(
            "SELECT count(*), count(DISTINCT customer_id), min(date), max(date), "
            "round(sum(dollar_value), 2), count_if(dollar_value = 0), min(customer_id) FROM data"
        )[0]
    assert [str(value) for value in found] == [
        *("69659", "23570", "1997-01-01", "1998-06-30", "2500315.63", "80", "00001"),
    ]


@pytest.mark.slow
def test_online_retail_is_read_whole(data_dir: Path) -> None:
    with open_table(data_dir / "online_retail" / "online_retail.csv.gz") as opened:
        found = opened.table.engine.rows(
            "SELECT count(*), count(DISTINCT InvoiceNo), count_if(CustomerID IS NULL), "
            "count(DISTINCT CustomerID), count_if(InvoiceNo LIKE 'C%'), count_if(UnitPrice = 0), "
            "count_if(UnitPrice < 0), min(InvoiceDate), max(InvoiceDate) FROM data"
        )[0]
        first = rows(opened)[0]
    assert [str(value) for value in found] == [
        *("541909", "25900", "135080", "4372", "9288", "2515", "2"),
        *("2010-12-01 08:26:00", "2011-12-09 12:50:00"),
    ]
    assert first[:4] == ("536365", "85123A", "WHITE HANGING HEART T-LIGHT HOLDER", 6)
    assert first[6] == "17850.0"


def test_wholesale_loses_its_byte_order_mark(data_dir: Path) -> None:
    with open_table(data_dir / "wholesale" / "wholesale.csv") as opened:
        assert opened.table.names[0] == "Channel"
        assert opened.table.levels("Channel") == [("1", 298), ("2", 142)]
        assert opened.table.levels("Region") == [("3", 316), ("1", 77), ("2", 47)]
