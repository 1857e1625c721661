"""The TOML file says the same as the options."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmeans.config import config_text, read_config, split_names
from segmeans.errors import SettingError, SourceError
from segmeans.settings import Settings


def test_written_settings_read_back_the_same(tmp_path: Path) -> None:
    values = {
        "source": "data/customers.csv",
        "id": 'Customer "No" ü 🙂',
        "features": ("Income, net", "Age"),
        "weight": {"Annual Income (k$)": 2.0},
        "k": (2, 20),
        "seed": 7,
        "overwrite": True,
    }
    file = tmp_path / "study.toml"
    file.write_text(config_text(values), encoding="utf-8")
    read = read_config(file)
    assert read.pop("source") == str(tmp_path / "data/customers.csv")
    expected = Settings.ask({k: v for k, v in values.items() if k != "source"})
    assert Settings.ask(read) == expected


def test_keys_may_be_written_with_hyphens(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text("max-missing = 0.25\n", encoding="utf-8")
    assert Settings.ask(read_config(file)).max_missing == 0.25


def test_a_table_of_names_says_the_same_as_the_option(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text('[names]\n"high income" = "Careful affluent"\n1 = "Core"\n', encoding="utf-8")
    asked = Settings.ask({"names": ["high income=Careful affluent", "1=Core"]})
    assert Settings.ask(read_config(file)).names == asked.names


def test_database_url_and_absolute_path_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    for source in ("postgresql://host/db", str(tmp_path / "x.csv")):
        file.write_text(f"source = '{source}'\n", encoding="utf-8")
        assert read_config(file)["source"] == source


@pytest.mark.parametrize("content", [b"k = ", b"\xff\xfe", b"[[["])
def test_broken_file_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "study.toml"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=r"cannot be read.*Allowed: TOML"):
        read_config(file)


def test_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        read_config(tmp_path / "none.toml")


def test_names_split_outside_quotes_only() -> None:
    assert split_names(["Age, Annual Income (k$)", '"a ""b"", c"']) == (
        "Age",
        "Annual Income (k$)",
        'a "b", c',
    )


def test_open_quote_is_one_clear_error() -> None:
    with pytest.raises(SettingError, match="cannot be split"):
        split_names(['"Age,Income'])
