"""Odd logs, each worked out by hand: right, or one clear error or finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from tests.tables.order_logs import (
    GOODS,
    SHOP,
    copies_told,
    features_of,
    finding,
    log_of,
    online_retail,
    read_log,
    steps,
    table_of,
)

from segmeans.errors import DataError, SettingError
from segmeans.tables import order_funnel
from segmeans.tables.duck import Column, Engine, Table, quoted
from segmeans.tables.order_lines import status_kind
from segmeans.tables.order_options import Returns
from segmeans.tables.orders import OrderColumns, OrderLog, OrderOptions, guess_columns, read
from segmeans.tables.source import open_table


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(threads=2) as made:
        yield made


class TestFunnel:
    def test_every_step_in_its_order(self, engine: Engine) -> None:
        types = SHOP | {"status": "VARCHAR", "currency": "VARCHAR"}
        rows = [
            ("ann", "1", "2024-01-01", 10, "shipped", "EUR"),
            ("ann", "1", "2024-01-01", 10, "shipped", "EUR"),  # a copy
            (None, "2", "2024-01-02", 10, "shipped", "EUR"),
            (" ", "3", "2024-01-02", 10, "shipped", "EUR"),
            ("bob", "4", "2024-01-03", 10, "Cancelled", "EUR"),
            ("bob", "5", "2024-01-03", 10, "REFUNDED", "EUR"),
            ("bob", "6", "2024-01-03", -10, "shipped", "EUR"),  # money back
            ("bob", "7", "2024-01-03", 0, "shipped", "EUR"),
            ("bob", "8", "2024-01-03", None, "shipped", "EUR"),
            ("bob", "9", None, 10, "shipped", "EUR"),
            ("bob", "10", "2199-01-01", 10, "shipped", "EUR"),
            ("cy", "11", "2024-01-04", 10, "shipped", "USD"),
            ("cy", "12", "2024-01-05", 7, "shipped", "EUR"),
        ]
        log = read_log(engine, types, rows, OrderOptions(duplicates="drop"))
        assert steps(log) == {
            "no customer": 2,
            "cancelled": 1,
            "returned": 2,
            "zero or negative amount": 2,
            "duplicate line": 1,
            "unreadable date": 1,
            "future date": 1,
            "other currency": 1,
        }
        assert log.as_of == date(2024, 1, 6)
        last = log.funnel[-1]
        assert (last.lines, last.customers, last.orders, last.revenue) == (2, 2, 2, 17)
        assert "'USD'" in finding(log, "several-currencies").evidence
        assert "1 lines were left out" in finding(log, "future-date").evidence
        reasons = dict(log.rejected().levels("left out because"))
        assert reasons == steps(log)

    def test_as_of_leaves_later_orders_out(self, engine: Engine) -> None:
        rows = [("ann", "1", "2024-01-01", 1.0), ("ann", "2", "2024-03-01", 1.0)]
        log = read_log(engine, SHOP, rows, OrderOptions(as_of=date(2024, 2, 1)))
        assert steps(log) == {"future date": 1}
        made = features_of(log, "days_since_last_order", "days_since_first_order")
        assert made == {"ann": (31, 31)}

    def test_old_logs_are_never_looked_at_from_today(self, engine: Engine) -> None:
        log = read_log(engine, SHOP, [("ann", "1", "1998-06-30", 1.0)])
        assert log.as_of == date(1998, 7, 1)

    @pytest.mark.parametrize("wrong", ["2099-12-31", "2100-01-01", "9999-12-31", "20210-01-05"])
    def test_clearly_wrong_dates_are_future_whenever_the_log_is_read(
        self, engine: Engine, wrong: str
    ) -> None:
        rows = [("ann", "1", "2024-01-01", 1.0), ("bob", "2", "2024-03-01", 1.0)]
        log = read_log(engine, SHOP, [*rows, ("cy", "3", wrong, 1.0)])
        assert steps(log) == {"future date": 1}
        assert log.as_of == date(2024, 3, 2)

    def test_a_late_order_is_an_order(self, engine: Engine) -> None:
        rows = [("ann", "1", "2024-01-01", 1.0), ("bob", "2", "2031-03-01", 1.0)]
        log = read_log(engine, SHOP, rows)
        assert steps(log) == {}
        assert log.as_of == date(2031, 3, 2)

    def test_customers_as_they_stood_on_an_earlier_day(self, engine: Engine) -> None:
        rows = [
            ("ann", "1", "2024-01-01", 1.0),
            ("ann", "2", "2024-03-01", 5.0),
            ("bob", "3", "2024-03-02", 1.0),
        ]
        log = read_log(engine, SHOP, rows)
        made = log.customers(["orders", "revenue"], as_of=date(2024, 2, 1)).table
        relation = quoted(made.relation)
        assert engine.rows(f"SELECT * FROM {relation}") == [("ann", 1, 1.0)]
        with pytest.raises(SettingError, match="a day from 2024-01-01"):
            log.customers(as_of=date(2023, 1, 1))

    @pytest.mark.parametrize(
        ("level", "kind"),
        [
            ("completed", "sale"),
            ("Canceled by user", "cancelled"),
            ("storniert", "cancelled"),
            ("payment failed", "cancelled"),
            ("Returned", "returned"),
            ("partially_refunded", "returned"),
            ("Retoure", "returned"),
            ("not returned", "sale"),
            ("non-refundable", "sale"),
            ("uncancelled", "sale"),
        ],
    )
    def test_words_of_a_status(self, level: str, kind: str) -> None:
        assert status_kind(level) == kind


class TestOrderRules:
    def test_lines_of_one_order_are_one_order(self, engine: Engine) -> None:
        rows = [("ann", "1", "2024-01-01 09:00", 1.0), ("ann", "1", "2024-01-01 09:00", 2.0)]
        rows += [("ann", "2", "2024-01-01 12:00", 4.0)]
        assert features_of(read_log(engine, SHOP, rows), "orders", "active_days") == {"ann": (2, 1)}
        day = read_log(engine, SHOP, rows, OrderOptions(same_day="day"))
        assert features_of(day, "orders", "revenue") == {"ann": (1, 7.0)}
        line = read_log(engine, SHOP, rows, OrderOptions(same_day="line"))
        assert features_of(line, "orders") == {"ann": (3,)}

    def test_without_numbers_products_of_one_moment_are_one_order(self, engine: Engine) -> None:
        types = {key: type_ for key, type_ in GOODS.items() if key != "order_id"}
        rows = [
            ("ann", "2024-01-01 09:00", 1.0, "tea", 1),
            ("ann", "2024-01-01 09:00", 1.0, "pot", 1),
            ("ann", "2024-01-01 10:00", 1.0, "pot", 1),
        ]
        log = read_log(engine, types, rows)
        assert log.lines.order_rule == "moment"
        assert features_of(log, "orders") == {"ann": (2,)}
        assert log.funnel[-1].orders == 2
        daily = read_log(engine, types | {"date": "DATE"}, rows)
        assert daily.lines.order_rule == "day"
        assert features_of(daily, "orders") == {"ann": (1,)}

    def test_an_order_number_of_two_customers(self, engine: Engine) -> None:
        rows = [("ann", "1", "2024-01-01", 1.0), ("bob", "1", "2024-01-01", 2.0)]
        log = read_log(engine, SHOP, rows)
        assert features_of(log, "orders", "revenue") == {"ann": (1, 1.0), "bob": (1, 2.0)}
        assert "1 order number belongs" in finding(log, "order-with-several-customers").evidence
        assert log.funnel[-1].orders == 1

    def test_asking_for_numbers_that_are_not_there(self, engine: Engine) -> None:
        types = {"customer": "VARCHAR", "date": "DATE", "amount": "DOUBLE"}
        with pytest.raises(SettingError, match="setting 'order'"):
            read_log(engine, types, [("a", "2024-01-01", 1.0)], OrderOptions(same_day="id"))

    def test_lines_without_a_number_stand_by_their_moment(self, engine: Engine) -> None:
        rows = [
            ("ann", None, "2024-01-01 09:00", 1.0),
            ("ann", None, "2024-01-01 09:00", 1.5),
            ("ann", None, "2024-01-02 09:00", 1.0),
            ("ann", "7", "2024-01-03", 1.0),
        ]
        assert features_of(read_log(engine, SHOP, rows), "orders") == {"ann": (3,)}


class TestMoney:
    def test_no_amounts(self, engine: Engine) -> None:
        types = {"user_id": "VARCHAR", "day": "DATE"}
        log = read_log(engine, types, [("ann", "2024-01-01"), ("bob", "2024-01-03")])
        assert [feature.name for feature in log.customers(["rfm"]).features] == [
            "days_since_last_order",
            "orders",
        ]
        assert finding(log, "no-amounts").level == "warning"
        assert log.funnel[-1].revenue is None
        everything = log.customers(["all"])
        assert everything.table.n_rows == 2
        history = log.history(date(2024, 1, 2))
        assert history.customer.tolist() == ["ann"]

    def test_sums_are_decimal_not_binary(self, engine: Engine) -> None:
        rows = [("ann", str(n), "2024-01-01", 0.1) for n in range(10)]
        assert features_of(read_log(engine, SHOP, rows), "revenue") == {"ann": (1.0,)}

    @pytest.mark.parametrize("factor", [1e-9, 1e-3, 1.0, 1e6])
    def test_any_unit_of_money(self, engine: Engine, factor: float) -> None:
        rows = [
            ("ann", "1", "2024-01-01", 123.45 * factor),
            ("ann", "2", "2024-01-01", 0.55 * factor),
        ]
        made = features_of(read_log(engine, SHOP, rows), "revenue")
        assert made["ann"][0] == pytest.approx(124 * factor, rel=1e-13)

    def test_an_absurd_amount_is_left_out_and_spoils_nothing(self, engine: Engine) -> None:
        rows = [("ann", "1", "2024-01-01", 1e250), ("ann", "2", "2024-01-01", 12.34)]
        log = read_log(engine, SHOP, rows)
        assert features_of(log, "revenue") == {"ann": (12.34,)}
        assert steps(log) == {"zero or negative amount": 1}

    def test_margin_from_costs(self, engine: Engine) -> None:
        log = read_log(engine, SHOP | {"cost": "DOUBLE"}, [("ann", "1", "2024-01-01", 10.0, 7.5)])
        assert features_of(log, "margin") == {"ann": (2.5,)}

    def test_zero_amounts_by_rule(self, engine: Engine) -> None:
        rows = [("ann", "1", "2024-01-01", 0.0), ("bob", "2", "2024-01-01", 1.0)]
        kept = read_log(engine, SHOP, rows, OrderOptions(zero_amounts="keep"))
        assert features_of(kept, "orders", "revenue", "return_share") == {
            "ann": (1, 0.0, 0.0),
            "bob": (1, 1.0, 0.0),
        }


class TestDates:
    types = {"customer": "VARCHAR", "date": "VARCHAR", "amount": "DOUBLE"}  # noqa: RUF012

    def read(self, engine: Engine, *dates: str, options: OrderOptions | None = None) -> OrderLog:
        return read_log(engine, self.types, [("ann", day, 1.0) for day in dates], options)

    def days(self, log: OrderLog) -> list[str]:
        rows = log.engine.rows(f"SELECT day FROM ({log.lines.sql}) ORDER BY day")
        return [str(day) for (day,) in rows]

    def test_each_date_is_read_in_its_own_format(self, engine: Engine) -> None:
        log = self.read(engine, "2024-01-31", "31/01/2024", "5/2/2024", "31 Jan 2024", "20240131")
        assert self.days(log) == ["2024-01-31"] * 4 + ["2024-02-05"]
        assert "1 that can only be day first" in finding(log, "mixed-dates").evidence
        assert finding(log, "mixed-dates").level == "warning"

    def test_month_first_when_the_others_say_so(self, engine: Engine) -> None:
        log = self.read(engine, "01/31/2024", "5/2/2024", "2024-06-01")
        assert self.days(log) == ["2024-01-31", "2024-05-02", "2024-06-01"]

    def test_both_orders_mixed_is_a_problem_that_is_told(self, engine: Engine) -> None:
        log = self.read(engine, "01/31/2024", "31/01/2024", "5/2/2024", "2024-01-01")
        assert finding(log, "mixed-dates").level == "problem"

    def test_what_cannot_be_read_is_left_out_and_counted(self, engine: Engine) -> None:
        log = self.read(engine, "2024-01-31", "2024-02-30", "2024-03-01")
        assert steps(log) == {"unreadable date": 1}

    def test_no_date_at_all_is_one_error(self, engine: Engine) -> None:
        table = log_of(engine, self.types, [("ann", "soon", 1.0)])
        columns = guess_columns(table, {"date": "date"})
        with pytest.raises(DataError, match=r"No date.*'soon'.*2024-12-31"):
            read(table, columns)

    def test_a_written_offset_leaves_the_day_as_written(self, engine: Engine) -> None:
        log = self.read(
            engine, "2024-01-31T23:30:00-05:00", "2024-02-01T00:30:00Z", "2024-02-03", "05-02-2024"
        )
        assert self.days(log) == ["2024-01-31", "2024-02-01", "2024-02-03", "2024-02-05"]
        told = finding(log, "utc-offsets").evidence
        assert "1 with -05:00, 1 with Z, 2 without; the clock was read as written" in told

    @pytest.mark.parametrize(("offset", "day"), [("+02:00", None), ("Z", "2024-02-01")])
    def test_offsets_of_a_file_are_told_and_go_with_a_zone_only_in_utc(
        self, tmp_path: Path, offset: str, day: str | None
    ) -> None:
        path = tmp_path / "orders.csv"
        path.write_text(
            f"customer,order_id,date,amount\nann,1,2024-01-31T23:30:00{offset},5\n"
            f"bob,2,2024-01-31T10:30:00{offset},5\n"
        )
        with open_table(path) as opened:
            [note] = [one for one in opened.findings if one.code == "utc-offsets"]
            assert f"2 with {offset}" in note.evidence
            columns = guess_columns(opened.table)
            log = read(opened.table, columns)
            assert self.days(log) == ["2024-01-31"] * 2
            in_utc = [one for one in log.findings if one.code == "time-zone"]
            assert bool(in_utc) == (day is not None)
            berlin = OrderOptions(time_zone="Europe/Berlin")
            if day is None:
                with pytest.raises(SettingError, match="needs times in UTC"):
                    read(opened.table, columns, berlin)
            else:
                assert self.days(read(opened.table, columns, berlin)) == ["2024-01-31", day]

    def test_blanks_around_a_time_hide_no_offset(self, tmp_path: Path) -> None:
        path = tmp_path / "orders.csv"
        path.write_text(
            "customer,order_id,date,amount\nann,1,2024-01-31T23:30:00+02:00  ,5\n"
            "bob,2,  2024-01-31T10:30:00+02:00 ,5\n"
        )
        with open_table(path) as opened:
            [note] = [one for one in opened.findings if one.code == "utc-offsets"]
            assert "2 with +02:00; the clock was read as written" in note.evidence

    def test_times_in_utc_become_days_of_the_shop(self, engine: Engine) -> None:
        rows = [("ann", "1", "2024-01-31 23:30:00", 1.0)]
        log = read_log(engine, SHOP, rows, OrderOptions(time_zone="Europe/Berlin"))
        assert self.days(log) == ["2024-02-01"]
        with pytest.raises(SettingError, match="no such time zone"):
            read_log(engine, SHOP, rows, OrderOptions(time_zone="Europe/Berlim"))
        with pytest.raises(SettingError, match="needs times"):
            read_log(engine, SHOP | {"date": "DATE"}, rows, OrderOptions(time_zone="UTC"))

    def test_times_with_a_zone_say_that_days_are_utc(self, engine: Engine) -> None:
        table = log_of(engine, SHOP, [("ann", "1", "2024-01-31 23:30:00", 1.0)])
        zoned = tuple(
            Column(column.name, column.type, "TIMESTAMP WITH TIME ZONE")
            if column.name == "date"
            else column
            for column in table.columns
        )
        made = Table(engine, table.relation, zoned)
        assert "UTC" in finding(read(made, guess_columns(made)), "time-zone").evidence


class TestPeople:
    @pytest.mark.parametrize("share", [0.75, 0.95])
    def test_one_time_buyers(self, engine: Engine, share: float) -> None:
        engine.run(
            "CREATE TABLE many AS SELECT 'c' || c AS customer, c * 10 + o AS order_id, "
            "DATE '2024-01-01' + CAST((c * 7 + o * 31) % 200 AS INTEGER) AS date, "
            "CAST(10 + c % 50 AS DOUBLE) AS amount FROM range(400) t(c), range(4) u(o) "
            f"WHERE o = 0 OR c >= {int(400 * share)}"
        )
        table = table_of(engine, "many")
        log = read(table, guess_columns(table))
        made = log.customers(["behaviour"])
        assert made.table.n_rows == 400
        assert f"({100 * share:.1f} %)" in finding(log, "mostly-one-time").evidence
        missing = {f.where for f in made.findings if f.code == "mostly-missing-feature"}
        assert missing == {"days_between_orders", "spend_trend"}

    def test_a_customer_that_stands_for_everyone(self, engine: Engine) -> None:
        rows = [(f"c{n}", f"{n}", "2024-01-01", 1.0 + n) for n in range(120)]
        rows += [("guest", f"g{n}", "2024-01-01", 1.0 + n) for n in range(30)]
        assert "'guest'" in finding(read_log(engine, SHOP, rows), "dominant-customer").evidence

    def test_hostile_names_of_columns_and_values(self, engine: Engine) -> None:
        types = {
            'customer "id"': "VARCHAR",
            "step": "VARCHAR",
            "date; DROP TABLE log": "DATE",
            "money": "DOUBLE",
            "category": "VARCHAR",
        }
        rows = [("'; --", "x", "2024-01-01", 5.0, "it's"), ("😀", "y", "2024-01-02", 6.0, '"q"')]
        table = log_of(engine, types, rows)
        columns = guess_columns(
            table, {"customer": 'customer "id"', "date": "date; DROP TABLE log", "amount": "money"}
        )
        made = read(table, columns).customers(["all"])
        assert made.table.names[0] == 'customer "id"'
        assert made.table.n_rows == 2
        assert "share_of_it's" in made.table.names
        assert read(table, columns).rejected().n_rows == 0

    def test_ids_stay_text(self, engine: Engine) -> None:
        rows = [("0001", "1", "2024-01-01", 1.0), ("1", "2", "2024-01-01", 1.0)]
        assert set(features_of(read_log(engine, SHOP, rows), "orders")) == {"0001", "1"}


def everything(data: Path, threads: int, order: str) -> list[tuple[object, ...]]:
    with Engine(threads=threads) as engine:
        table = online_retail(engine, data)
        engine.run(f"CREATE TABLE shuffled AS SELECT * FROM online_retail ORDER BY {order}")
        table = replace_relation(table, "shuffled")
        made = read(table, guess_columns(table), OrderOptions(returns="net")).customers(["all"])
        return engine.rows(f"SELECT * FROM {quoted(made.table.relation)}")


def replace_relation(table: Table, relation: str) -> Table:
    return Table(table.engine, relation, table.columns, name=table.name)


def test_the_same_bytes_on_any_number_of_threads_and_in_any_order(data_dir: Path) -> None:
    one = everything(data_dir, 1, "rowid")
    assert one == everything(data_dir, 4, "hash(rowid)")
    assert len(one) > 4300


def test_dividing_amounts_by_1000_divides_revenue(data_dir: Path) -> None:
    with Engine(threads=2) as engine:
        table = online_retail(engine, data_dir)
        columns = guess_columns(table)
        plain = revenue(read(table, columns))
        engine.run(
            "CREATE TABLE thousandth AS SELECT * REPLACE (UnitPrice / 1000 AS UnitPrice) "
            "FROM online_retail"
        )
        small = revenue(read(replace_relation(table, "thousandth"), replace(columns, reasons={})))
    assert [value / 1000 for value in plain] == pytest.approx(small, rel=1e-12)
    ranks = sorted(range(len(plain)), key=plain.__getitem__)
    assert ranks == sorted(range(len(small)), key=small.__getitem__)


def revenue(log: OrderLog) -> list[float]:
    made = log.customers(["revenue"]).table
    return [row[0] for row in log.engine.rows(f"SELECT revenue FROM {quoted(made.relation)}")]


def test_customers_and_orders_are_the_same_part_by_part(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        (f"c{n % 13}", str(n % 50), f"2024-01-{1 + n % 28:02d}", n % 9 - 1.0) for n in range(90)
    ]
    whole = read_log(engine, SHOP, rows)
    monkeypatch.setattr(order_funnel, "PART", 10)
    assert read_log(engine, SHOP, rows).funnel == whole.funnel
    assert len(whole.funnel) == 3


def test_whole_order_numbers_count_as_the_same_numbers_written_as_text(engine: Engine) -> None:
    """Numbers close together are counted by a set of bits, and texts by grouping them."""
    rows = [
        (f"c{n % 13}" if n % 11 else None, n % 40 - 3 if n % 17 else None, day, n % 9 - 1.0)
        for n in range(300)
        for day in [f"2024-01-{1 + n % 28:02d}"]
    ]
    counted = read_log(engine, SHOP | {"order_id": "BIGINT"}, rows)
    assert order_funnel._are_dense(engine, {order_funnel.KEPT: 1000})
    texts = [(who, None if number is None else str(number), *rest) for who, number, *rest in rows]
    assert counted.funnel == read_log(engine, SHOP, texts).funnel
    assert len(counted.funnel) > 2


@pytest.mark.parametrize("returns", ["drop", "net"])
def test_sums_made_for_the_funnel_are_those_of_the_orders(engine: Engine, returns: Returns) -> None:
    rows = [
        (f"c{n % 13}", str(n), f"2024-01-{1 + n % 28:02d}", n % 9 - 1.0, "tea", n % 5 - 1)
        for n in range(200)
    ]
    log = read_log(engine, GOODS, rows, OrderOptions(returns=returns))
    names = ["days_since_first_order", "days_since_last_order", "orders", "revenue"]
    alone = features_of(log, *names)
    beside = features_of(log, *names, "active_days")  # asks for the orders themselves
    order = [f.name for f in log.customers([*names, "active_days"]).features]
    place = order.index("active_days")
    assert {who: row[:place] + row[place + 1 :] for who, row in beside.items()} == alone
    assert len(alone) == 13


@pytest.mark.parametrize("duplicates", ["keep", "drop"])
def test_columns_of_a_log_may_be_named_as_those_made_of_it(
    engine: Engine, duplicates: Literal["keep", "drop"]
) -> None:
    rows = [("ann", "1", "2024-01-01", 2.0, "tea", 1), ("bob", "2", "2024-01-02", 2.0, "tea", 1)]
    rows += [rows[0], ("bob", "3", "2999-01-01", 9.0, "tea", 1), ("bob", "4", None, 9.0, "tea", 1)]
    meanings = ("customer", "order", "date", "amount", "product", "quantity")
    odd = ("print", "order_key", "day", "each", "alike", "n")
    for names in (odd, (*odd[1:], odd[0])):
        types = dict(zip(names, GOODS.values(), strict=True))
        table = log_of(engine, types | {"step": "VARCHAR"}, [(*row, "x") for row in rows])
        columns = OrderColumns(**dict(zip(meanings, names, strict=True)))
        log = read(table, columns, OrderOptions(duplicates=duplicates))
        assert copies_told(log) == 1
        kept = 2 if duplicates == "drop" else 3
        assert (log.funnel[-1].lines, log.funnel[-1].orders) == (kept, 2)
        assert steps(log)["future date"] == steps(log)["unreadable date"] == 1
