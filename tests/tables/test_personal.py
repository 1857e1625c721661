"""Personal data by content and by header; ordinary values are left alone."""

from __future__ import annotations

import pytest

from segmeans.tables.personal import personal_content, personal_header


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (["ann@example.org", "b.c+d@sub.example.co.uk"], "e-mail addresses"),
        (["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"], "bank accounts"),
        (["4111 1111 1111 1111", "5500-0000-0000-0004"], "card numbers"),
        (["192.168.0.1", "2001:db8::1"], "internet addresses"),
        (["123-45-6789"], "official numbers"),
        (["+49 30 1234567", "(030) 123-4567", "0030 210 1234567"], "telephone numbers"),
    ],
)
def test_content(values: list[str], what: str) -> None:
    assert personal_content(values) == what


@pytest.mark.parametrize(
    "values",
    [
        ["DE89370400440532013001"],  # a digit changed: the check digits fail
        ["4111111111111112"],
        ["2024-01-31", "31.01.2024", "1/2/2024"],
        ["1234567", "7654321"],
        ["1.2.3.400", "3.14"],
        ["a@b", "@home"],
        ["1-2", "3-4"],
        [],
    ],
)
def test_ordinary_values(values: list[str]) -> None:
    assert personal_content(values) == ""


@pytest.mark.parametrize(
    "name",
    [
        "Name",
        "first_name",
        "LastName",
        "E-Mail",
        "email",
        "Phone Number",
        "Date of Birth",
        "DOB",
        "Street Address",
        "IBAN",
        "Geburtsdatum",
        "ip_address",
        "passport no",
    ],
)
def test_headers(name: str) -> None:
    assert personal_header(name)


@pytest.mark.parametrize(
    "name",
    ["Gender", "Age", "product name", "Brand Name", "Income", "City", "Year_Birth", "Channel"],
)
def test_ordinary_headers(name: str) -> None:
    assert personal_header(name) == ""
