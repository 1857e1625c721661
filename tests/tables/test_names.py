"""Names of columns in their many spellings."""

from __future__ import annotations

import pytest

from segmeans.tables.names import clipped, says_customer, says_id, unique, words


@pytest.mark.parametrize(
    "name",
    [
        *("CustomerID", "customer_id", "Customer Id", "CUSTOMERID", "customerid", "cust_no"),
        *("Kundennummer", "Kunden-Nr.", "id", "ID", "uuid", "user id", "Unnamed: 0", "Invoice No"),
    ],
)
def test_ids(name: str) -> None:
    assert says_id(name)


@pytest.mark.parametrize(
    "name",
    [
        *("Age", "paid", "Annual Income (k$)", "Spending Score (1-100)", "number_of_cds", ""),
        *("Identity", "video", "Delicassen", "numbers", "NumWebPurchases"),
    ],
)
def test_no_ids(name: str) -> None:
    assert not says_id(name)


def test_customers() -> None:
    assert says_customer("CustomerID")
    assert says_customer("Kundennummer")
    assert not says_customer("InvoiceNo")


def test_words_of_one_name_are_the_same_in_every_spelling() -> None:
    spellings = ("AnnualIncome", "annual_income", "Annual Income", "annual-income")
    assert {words(name) for name in spellings} == {("annual", "income")}


def test_unique_names_never_collide() -> None:
    names = ["a", "A", "a_2", "", "column_4", "\ufeffb", "two\nlines"]
    tidy = unique(names)
    assert len({name.casefold() for name in tidy}) == len(names)
    assert tidy[5:] == ["b", "two lines"]
    assert unique(tidy) == tidy


def test_clipped_text_is_one_printable_line() -> None:
    assert clipped("a\nb\x1b[31m") == "a b [31m"
    assert len(clipped("x" * 500)) == 40
