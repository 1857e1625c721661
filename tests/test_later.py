"""A model trained on an order log scores later logs by the definitions of its training."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from segmeans import later
from segmeans.cli import app
from segmeans.errors import ColumnNotFoundError, SettingError
from segmeans.model import load, score
from segmeans.sample import write_orders
from segmeans.settings import Settings

RFM = ("recency_score", "frequency_score", "monetary_score", "rfm_name")
FACTS = ("days_since_last_order", "orders", "revenue")


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an order log, and a study of it by other than the default settings."""
    path = tmp_path_factory.mktemp("later")
    write_orders(path / "orders.csv", 3000, 1)
    chosen = ("--k", 3, "--fast", "--no-figures", "--quiet", "--returns", "net")
    code, _, error = run("run", path / "orders.csv", "--orders", "--out", path / "study", *chosen)
    assert code == 0, error
    return path


def test_the_log_of_the_training_gives_the_study_again(folder: Path) -> None:
    out = folder / "scored.csv"
    code, told, error = run(
        "score", folder / "study/model.json", folder / "orders.csv", "--orders", "--out", out
    )
    assert code == 0, error
    assert "lines left out" in told
    scored, trained = rows_of(out), rows_of(folder / "study/segments.csv")
    assert len(scored) > 100
    for name in trained[0]:
        if name != "certainty":  # rounded in the one file
            assert [row[name] for row in scored] == [row[name] for row in trained]
    by_rfm = rows_of(folder / "study/rfm.csv")
    for name in (*RFM, *FACTS):
        assert [row[name] for row in scored] == [row[name] for row in by_rfm]
    record = later.score(
        load(folder / "study/model.json"), folder / "orders.csv", folder / "again.parquet"
    )
    assert record.orders is not None
    told_then = json.loads((folder / "study/orders.json").read_text("utf-8"))
    assert [step.customers for step in record.orders.funnel] == [
        step["customers"] for step in told_then["funnel"]
    ]
    assert record.orders.as_of.isoformat() == record.orders.trained_as_of == told_then["as_of"]


LATER = """\
CustomerID,OrderDate,OrderID,Amount,Quantity,UnitPrice,Product,Status,Category
new,2025-02-01,9001,10,1,10,Kettle,completed,Machines
new,2025-02-03,9002,20.5,1,20.5,Kettle,completed,Machines
rich,2025-02-27,9003,100000,1,100000,Kettle,completed,Machines
old,2023-01-01,9004,1,1,1,Kettle,completed,Machines
gone,2025-01-01,9005,5,1,5,Kettle,cancelled,Machines
"""


def by_hand(cuts: list[float], value: float) -> int:
    """Return one more than the cut points that lie below a value."""
    return 1 + sum(value > cut for cut in cuts)


@pytest.mark.parametrize("as_of", [None, "2025-03-31"])
def test_a_later_log_is_scored_on_the_cut_points_of_the_training(
    folder: Path, tmp_path: Path, as_of: str | None
) -> None:
    (tmp_path / "later.csv").write_text(LATER, "utf-8")
    asked = ("--as-of", as_of) if as_of else ()
    code, told, error = run(
        "score", folder / "study/model.json", tmp_path / "later.csv", "--orders",
        "--out", tmp_path / "scored.csv", *asked,
    )  # fmt: skip
    assert code == 0, error
    assert f"Customers as of {as_of or '2025-02-28'}" in told
    scored = {row["CustomerID"]: row for row in rows_of(tmp_path / "scored.csv")}
    more = 31 if as_of else 0  # days from the 28th of February
    facts = {"new": (25, 2, 30.5), "old": (789, 1, 1.0), "rich": (1, 1, 100000.0)}
    assert scored.keys() == facts.keys()
    cuts = json.loads((folder / "study/orders.json").read_text("utf-8"))["rfm"]["cuts"]
    for who, (days, orders, revenue) in facts.items():
        row = scored[who]
        assert tuple(float(row[name]) for name in FACTS) == (days + more, orders, revenue)
        assert int(row["recency_score"]) == 6 - by_hand(cuts["recency"][0], days + more)
        assert int(row["frequency_score"]) == by_hand(cuts["frequency"][0], orders)
        assert int(row["monetary_score"]) == by_hand(cuts["monetary"][0], revenue)
        assert row["segment"] in {"1", "2", "3"}
    # three customers of their own cut points would not have the lowest score twice
    assert (scored["rich"]["monetary_score"], scored["old"]["recency_score"]) == ("5", "1")


def test_features_alone_give_the_same_segments(folder: Path, tmp_path: Path) -> None:
    """The customers that were made of the log are scored like any table of customers."""
    model = load(folder / "study/model.json")
    score(model, folder / "study/rfm.csv", tmp_path / "scored.csv")
    segments = [row["segment"] for row in rows_of(tmp_path / "scored.csv")]
    assert segments == [row["segment"] for row in rows_of(folder / "study/segments.csv")]


def test_columns_of_other_names_are_guessed_or_given(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "orders.csv").read_text("utf-8").splitlines()
    head = lines[0].replace("CustomerID", "Who").replace("OrderDate", "Invoice Date")
    (tmp_path / "renamed.csv").write_text("\n".join([head, *lines[1:]]), "utf-8")
    model = load(folder / "study/model.json")
    settings = Settings(customer="Who")
    record = later.score(
        model, tmp_path / "renamed.csv", tmp_path / "scored.csv", settings=settings
    )
    assert record.orders is not None
    assert record.orders.columns["date"] == "Invoice Date"
    assert record.id_column == "Who"
    segments = [row["segment"] for row in rows_of(tmp_path / "scored.csv")]
    assert segments == [row["segment"] for row in rows_of(folder / "study/segments.csv")]


def test_the_settings_of_the_training_are_kept(folder: Path) -> None:
    kept = load(folder / "study/model.json").record.orders
    assert kept is not None
    assert (kept.returns, kept.duplicates, kept.order_rule) == ("net", "keep", "id")
    assert kept.columns["customer"] == "CustomerID"


def test_refresh_and_refit_of_an_order_log(folder: Path, tmp_path: Path) -> None:
    model = folder / "study/model.json"
    code, told, error = run("refresh", model, folder / "orders.csv", "--orders", "--json")
    assert code == 0, error
    found = json.loads(told)
    assert found["advice"] == "keep"
    assert found["scored"]["orders"]["funnel"][0]["lines"] == 3000
    out = tmp_path / "refitted"
    code, told, error = run(
        "refresh", model, folder / "orders.csv", "--orders", "--refit", "--out", out
    )
    assert code == 0, error
    assert "3 segments found again" in told
    kept = load(out / "model.json").record.orders
    assert kept == load(model).record.orders


def test_an_audience_of_an_order_log(folder: Path, tmp_path: Path) -> None:
    model, out = folder / "study/model.json", tmp_path / "audience"
    told = ("--segment", 1, "--fields", "CustomerID,revenue", "--out", out, "--orders")
    code, said, error = run("audience", model, folder / "orders.csv", *told)
    assert code == 0, error
    assert "lines left out" in said
    [file] = [path for path in out.iterdir() if path.suffix == ".csv"]
    first = [r["CustomerID"] for r in rows_of(folder / "study/segments.csv") if r["segment"] == "1"]
    assert [row["CustomerID"] for row in rows_of(file)] == first
    code, _, error = run(
        "audience", model, folder / "orders.csv", "--orders", "--fields", "e-mail", "--out", out
    )
    assert code == 2
    assert "There is no column 'e-mail' (customers of the order log)" in error


@pytest.mark.parametrize(
    ("written", "as_of"), [("{1}/{0}", "2025-04-04"), ("{0}/{1}", "2025-03-05")]
)
def test_dates_are_read_as_on_the_day_of_training(tmp_path: Path, written: str, as_of: str) -> None:
    """The 3rd of April or the 4th of March: the log of the training says which."""
    lines = ["customer,order_id,date,amount"]
    for number in range(1, 199):
        day = written.format(f"{number % 12 + 1:02}", f"{number % 27 + 1:02}")
        lines.append(f"c{number % 41},{number},{day}/2024,{number}.5")
    (tmp_path / "orders.csv").write_text("\n".join(lines), "utf-8")
    chosen = ("--k", 2, "--fast", "--no-figures", "--quiet", "--out", tmp_path / "study")
    code, _, error = run("run", tmp_path / "orders.csv", "--orders", *chosen)
    assert code in (0, 3), error
    later_log = "customer,order_id,date,amount\na,1,03/04/2025,5\n"
    (tmp_path / "later.csv").write_text(later_log, "utf-8")
    model = load(tmp_path / "study/model.json")
    record = later.score(model, tmp_path / "later.csv", tmp_path / "scored.csv")
    assert record.orders is not None
    assert record.orders.as_of.isoformat() == as_of


def test_a_log_without_orders_is_told_of_orders(folder: Path, tmp_path: Path) -> None:
    model = load(folder / "study/model.json")
    with pytest.raises(ColumnNotFoundError, match="--orders"):
        score(model, folder / "orders.csv", tmp_path / "scored.csv")
    assert not (tmp_path / "scored.csv").exists()


def test_a_model_of_customers_takes_no_log(folder: Path, tmp_path: Path) -> None:
    golden = Path(__file__).parent / "model/golden/model-3.json"
    code, _, error = run(
        "score", golden, folder / "orders.csv", "--orders", "--out", tmp_path / "scored.csv"
    )
    assert code == 2
    assert "was not trained on an order log" in error
    with pytest.raises(SettingError, match="segmeans run --orders"):
        later.refresh(load(golden), folder / "orders.csv")


def test_what_the_log_does_not_give_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("CustomerID,OrderDate,OrderID\na,2025-01-01,1\n", "utf-8")
    model = load(folder / "study/model.json")
    with pytest.raises(SettingError, match="'revenue' cannot be made"):
        later.score(model, tmp_path / "few.csv", tmp_path / "scored.csv")


def odd_log(path: Path) -> Path:
    """Write a log with copies, returns, two currencies, and dates that cannot be."""
    lines = ["customer,order_id,date,product,quantity,amount,currency"]
    for n in range(60):
        day = f"2025-0{1 + n % 6}-{1 + n % 27:02d}T10:00:00+02:00"
        lines.append(f"c{n},{n},{day},tea,2,{5 + n % 7}.5,{'USD' if n % 9 == 8 else 'EUR'}")
    lines += ["c1,1,2025-02-02T10:00:00+02:00,tea,2,6.5,EUR"] * 2
    lines += ["c2,90,2025-05-04T10:00:00+02:00,tea,-2,-7.5,EUR", "c3,91,soon,tea,1,3,EUR"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_advice_on_a_later_log_names_options_that_there_are(tmp_path: Path) -> None:
    log = odd_log(tmp_path / "odd.csv")
    chosen = ("--k", 2, "--fast", "--no-figures", "--quiet")
    code, _, error = run("run", log, "--orders", "--out", tmp_path / "study", *chosen)
    assert code in (0, 3), error
    offered = {
        command: set(re.findall(r"--([a-z-]+)", run(command, "--help")[1]))
        for command in ("run", "score")
    }
    record = later.score(load(tmp_path / "study/model.json"), log, tmp_path / "scored.csv")
    told = {one.code: one.advice for one in record.findings}
    assert {"duplicate-lines", "sales-taken-back", "several-currencies"} <= set(told)
    for advice in told.values():
        here, _, again = advice.partition("segmeans run")
        named = re.findall(r"setting '?(\w+)", here) + re.findall(r"(\w+)=\w+", here)
        assert {name.replace("_", "-") for name in named} <= offered["score"]
        assert set(re.findall(r"--([a-z-]+)", again)) <= offered["run"]
