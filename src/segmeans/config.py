"""A study's settings as a small TOML file that says the same as the options."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from segmeans.errors import SettingError, SourceError


def read_config(path: str | Path) -> dict[str, Any]:
    """Return the values of a ``study.toml``, unchecked.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict
        Setting names, with underscores, to values; the key ``source`` names the source. A
        relative source is taken from the folder of the file.

    Raises
    ------
    SourceError
        When the file is missing or is no TOML.
    """
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceError("The config file does not exist", where=str(path)) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(
            "The config file cannot be read",
            where=str(path),
            found=error,
            allowed="TOML",
        ) from None
    values = {name.replace("-", "_"): value for name, value in values.items()}
    source = values.get("source")
    if isinstance(source, str) and "://" not in source:
        values["source"] = str(path.parent / source)
    return values


def config_text(values: Mapping[str, Any]) -> str:
    """Return the text of a ``study.toml`` for values as given; None means not given.

    Examples
    --------
    >>> print(config_text({"k": (2, 20), "features": ("Age", "Income, net")}), end="")
    k = "2-20"
    features = [
        "Age",
        "Income, net",
    ]
    """
    import tomli_w

    plain = {
        name: _plain(name, value) for name, value in values.items() if value not in (None, (), {})
    }
    return tomli_w.dumps(plain)


def _plain(name: str, value: Any) -> Any:
    if name == "k" and isinstance(value, (tuple, list)):
        first, last = value
        return first if first == last else f"{first}-{last}"
    return list(value) if isinstance(value, tuple) else value


def split_names(values: list[str]) -> tuple[str, ...]:
    """Split the values of a repeatable option at commas outside double quotes.

    Raises
    ------
    SettingError
        When a double quote is not closed.

    Examples
    --------
    >>> split_names(['Age,"Income, net"', "Annual Income (k$)"])
    ('Age', 'Income, net', 'Annual Income (k$)')
    """
    try:
        rows = list(csv.reader(values, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise SettingError(
            "A list of names cannot be split",
            found=" ".join(values),
            allowed="names separated by commas, those that hold a comma in double quotes",
            hint=str(error),
        ) from None
    return tuple(name.strip() for row in rows for name in row if name.strip())


def split_pairs(values: Sequence[str]) -> dict[str, str]:
    """Divide "SEGMENT=NAME" at the last ``=``.

    Raises
    ------
    SettingError
        When there is no ``=``, or one segment stands twice.

    Examples
    --------
    >>> split_pairs(["1=Regulars", "older, low income=Careful"])
    {'1': 'Regulars', 'older, low income': 'Careful'}
    """
    pairs: dict[str, str] = {}
    for value in values:
        key, equals, name = value.rpartition("=")
        if not equals or not key.strip() or key.strip() in pairs:
            raise SettingError(
                "A new name is not understood",
                found=value,
                allowed="SEGMENT=NAME, each segment once",
                hint='"1=Regulars"',
            )
        pairs[key.strip()] = name
    return pairs


def split_numbers(value: str | None, where: str) -> tuple[float, ...]:
    """Split numbers at commas; none for None.

    Raises
    ------
    SettingError
        When a part is no number.

    Examples
    --------
    >>> split_numbers("4, 2.5,1", "sizes")
    (4.0, 2.5, 1.0)
    """
    if value is None:
        return ()
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError:
        raise SettingError(
            "A list of numbers cannot be read",
            where=where,
            found=value,
            allowed="numbers separated by commas",
        ) from None
