"""The engine and the table: order, types, blocks, errors, nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from segmeans.errors import DataError, SegmeansError, SourceError
from segmeans.tables import sql
from segmeans.tables.duck import Column, Engine, Table, quoted

N = 200_003


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(threads=2) as engine:
        engine.run(
            "CREATE TABLE data AS SELECT i AS n, "
            "CASE WHEN i % 5 = 0 THEN NULL ELSE i / 4 END AS x, "
            "CASE WHEN i % 7 = 0 THEN NULL ELSE 'level ' || (i % 12) END AS t, "
            f"DATE '2024-01-01' + CAST(i % 400 AS INTEGER) AS d FROM range({N}) r(i)"
        )
        yield engine


@pytest.fixture(scope="module")
def table(engine: Engine) -> Table:
    types = {"n": "BIGINT", "x": "DOUBLE", "t": "VARCHAR", "d": "DATE"}
    return Table(engine, "data", tuple(Column(name, kind) for name, kind in types.items()))


def test_fetch_gives_floats_and_text_with_their_missing_values(table: Table) -> None:
    found = table.fetch({name: sql.column(name) for name in table.names})
    i = np.arange(N)
    np.testing.assert_array_equal(found["n"], i.astype(float))
    np.testing.assert_array_equal(found["x"], np.where(i % 5 == 0, np.nan, i / 4))
    assert found["x"].dtype == np.float64
    assert found["t"].dtype == object
    assert found["t"][:3].tolist() == [None, "level 1", "level 2"]
    assert found["d"][0] == "2024-01-01"


def test_truth_values_come_as_numbers(table: Table) -> None:
    found = table.fetch({"high": sql.greater(sql.column("x"), sql.number(1.0))})["high"]
    assert found[:7].tolist()[1:5] == [0.0, 0.0, 0.0, 0.0]
    assert np.isnan(found[0])
    assert found[6] == 1.0


@pytest.mark.parametrize("rows", [1, 2_048, 5_000, 65_536, N - 1, N, N + 1])
def test_blocks_are_the_fetched_columns_cut_to_size(table: Table, rows: int) -> None:
    if rows == 1:
        asked = {"n": sql.column("n")}
        first = next(iter(table.blocks(asked, rows)))
        assert first["n"].tolist() == [0.0]
        return
    asked = {"n": sql.column("n"), "t": sql.column("t")}
    blocks = list(table.blocks(asked, rows))
    assert [len(block["n"]) for block in blocks[:-1]] == [rows] * (len(blocks) - 1)
    whole = table.fetch(asked)
    np.testing.assert_array_equal(np.concatenate([b["n"] for b in blocks]), whole["n"])
    assert np.concatenate([b["t"] for b in blocks]).tolist() == whole["t"].tolist()


def test_blocks_can_leave_rows_out(table: Table) -> None:
    odd = sql.less(sql.column("n"), sql.number(100_000.0))
    assert table.count(odd) == 100_000
    sizes = [len(block["n"]) for block in table.blocks({"n": sql.column("n")}, 30_000, where=odd)]
    assert sizes == [30_000, 30_000, 30_000, 10_000]


def test_a_few_rows_come_in_the_order_asked_for(table: Table) -> None:
    asked = {"n": sql.column("n"), "x": sql.column("x"), "t": sql.column("t")}
    places = [N - 1, 0, 7, 7, 100_003]
    found, whole = table.at(asked, places), table.fetch(asked)
    for name, values in whole.items():
        np.testing.assert_array_equal(found[name], values[places])
    assert [len(values) for values in table.at(asked, []).values()] == [0, 0, 0]


def test_an_abandoned_stream_leaves_the_table_usable(table: Table) -> None:
    stream = table.blocks({"n": sql.column("n")}, 4_096)
    next(stream)
    assert table.count() == N
    stream.close()  # type: ignore[attr-defined]
    assert table.count() == N


def test_long_membership_keeps_the_order_of_rows(engine: Engine) -> None:
    levels = ", ".join(f"'level {i}'" for i in range(0, 12, 2))
    query = f"SELECT n, t IN ({levels}) AS even FROM data"
    assert np.all(np.diff(engine.arrays(query)["n"]) == 1)
    engine.run(f"CREATE OR REPLACE TABLE ordered AS {query}")
    assert np.all(np.diff(engine.arrays("SELECT n FROM ordered")["n"]) == 1)
    streamed = [block["n"] for block in engine.stream(query, 10_000)]
    assert np.all(np.diff(np.concatenate(streamed)) == 1)


def test_aggregates_come_as_python_values(table: Table) -> None:
    found = table.aggregate(
        {
            "rows": sql.count_rows(),
            "mean": sql.average(sql.column("n")),
            "top": sql.maximum(sql.column("t")),
        },
        where=sql.less(sql.column("n"), sql.number(11.0)),
    )
    assert found == {"rows": 11, "mean": 5.0, "top": "level 9"}


def test_levels_are_ordered_by_count_then_value(engine: Engine) -> None:
    engine.run("CREATE TABLE few AS SELECT unnest(['b','a','c','b','a','d',NULL]) AS v")
    few = Table(engine, "few", (Column("v", "VARCHAR"),))
    assert few.levels("v") == [("a", 2), ("b", 2), ("c", 1), ("d", 1)]
    assert few.levels("v", 1) == [("a", 2)]
    assert few.texts("v").tolist() == ["b", "a", "c", "b", "a", "d", None]


def test_hostile_names_are_only_names(engine: Engine) -> None:
    name = 'x"; DROP TABLE data; --'
    engine.run(f"CREATE TABLE odd AS SELECT 1 AS {quoted(name)}")
    odd = Table(engine, "odd", (Column(name, "BIGINT"),))
    assert odd.fetch({name: sql.column(name)})[name].tolist() == [1.0]
    assert odd.levels(name) == [("1", 1)]
    assert engine.rows("SELECT count(*) FROM data") == [(N,)]


def test_engine_errors_are_ours(engine: Engine) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        engine.run("SELECT * FROM nowhere")
    with pytest.raises(SegmeansError):
        list(engine.stream("SELECT CAST('x' AS INTEGER)", 10))


def test_a_query_is_one_statement_that_reads(engine: Engine) -> None:
    assert engine.is_query("SELECT 1")
    assert not engine.is_query("SELECT 1; SELECT 2")
    assert not engine.is_query("DROP TABLE data")
    with pytest.raises(SourceError, match="query"):
        engine.is_query("SELEC 1")


def test_extensions_are_never_downloaded(engine: Engine) -> None:
    settings = ("autoinstall_known_extensions", "autoload_known_extensions")
    for name in settings:
        assert engine.rows(f"SELECT current_setting('{name}')") == [(False,)]


def test_data_beyond_memory_spills_and_then_fails_clearly() -> None:
    with Engine(threads=1) as engine:
        engine.run("SET memory_limit = '60MB'")
        engine.run("CREATE TABLE wide AS SELECT i, md5(i::VARCHAR) AS m FROM range(2000000) r(i)")
        assert engine.rows("SELECT count(*) FROM wide") == [(2_000_000,)]
        engine.run("SET max_temp_directory_size = '40MB'")
        with pytest.raises(DataError, match="memory"):
            engine.run("CREATE TABLE more AS SELECT m || m AS m FROM wide ORDER BY m")


def test_the_temporary_folder_goes_with_the_engine() -> None:
    engine = Engine(threads=1)
    folder = engine.folder
    assert folder.is_dir()
    engine.close()
    assert not folder.exists()


def test_no_pandas_and_no_noise_for_a_small_table() -> None:
    code = (
        "import sys; from segmeans.tables.source import open_table;"
        "opened = open_table({'x': [1.0, 2.0, 3.5], 'name': ['a', 'b', None]});"
        "opened.table.texts('name'); opened.close();"
        "print(sorted({'pandas', 'pyarrow', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_memory_can_be_limited() -> None:
    with Engine(threads=1, memory=0.5) as engine:
        limit = engine.rows("SELECT current_setting('memory_limit')")[0][0]
    assert limit == "476.8 MiB"  # 0.5e9 / 2**20
