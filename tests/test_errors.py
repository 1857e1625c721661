"""Errors: one form, the nearest name, and both ways of catching them."""

from __future__ import annotations

import pytest

from segmeans.errors import (
    ColumnNotFoundError,
    DataError,
    OutputError,
    SegmeansError,
    SettingError,
    SourceError,
    nearest_name,
)


def test_message_has_what_where_found_allowed_and_hint() -> None:
    error = SegmeansError(
        "The number is wrong", where="k", found=0, allowed="1 or more", hint="--k 5"
    )
    assert str(error) == "The number is wrong (k). Found: 0. Allowed: 1 or more. Try: --k 5."


@pytest.mark.parametrize(
    ("child", "builtin", "code"),
    [
        (SettingError, ValueError, 2),
        (SourceError, ValueError, 1),
        (DataError, ValueError, 1),
        (OutputError, OSError, 1),
        (ColumnNotFoundError, KeyError, 2),
    ],
)
def test_children_are_caught_as_ours_and_as_builtin(
    child: type[SegmeansError], builtin: type[Exception], code: int
) -> None:
    with pytest.raises(builtin, match="It broke"):
        raise child("It broke")
    assert issubclass(child, SegmeansError)
    assert child.exit_code == code


def test_missing_column_suggests_across_case_and_typos() -> None:
    names = ["CustomerID", "Annual Income (k$)", "Spending Score (1-100)"]
    error = ColumnNotFoundError.from_names("annual incom (k$)", names, where="--features")
    assert str(error) == (
        "There is no column 'annual incom (k$)' (--features). "
        "Allowed: CustomerID, Annual Income (k$), Spending Score (1-100). "
        "Try: 'Annual Income (k$)'."
    )


def test_many_columns_are_not_all_listed() -> None:
    error = ColumnNotFoundError.from_names("zzz", [f"column {i}" for i in range(50)])
    assert "and 30 more" in str(error)
    assert "column 49" not in str(error)


def test_nothing_near_suggests_nothing() -> None:
    assert nearest_name("zzz", ["Age"]) is None
