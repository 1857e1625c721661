"""Personal data: recognised by what the values are, and by what the header says."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence

from segmeans.tables.names import word_set, words

CONTENT_SHARE = 0.5  # personal when this share of the values is

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_PHONE = re.compile(r"(?:\+|00|\()?[0-9][0-9 ()./-]{5,18}[0-9]")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_CARD = re.compile(r"[0-9](?:[ -]?[0-9]){12,18}")
_SSN = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")

_HEADERS = {
    "a name": (
        "firstname lastname surname forename fullname givenname familyname middlename vorname "
        "nachname familienname nombre apellido apellidos prenom nom"
    ),
    "an e-mail address": "email mail emailaddress",
    "a telephone number": "phone telephone mobile cellphone tel fax telefon handy phonenumber",
    "an address": (
        "address addr street streetname housenumber adresse strasse straße anschrift calle rue "
        "addressline"
    ),
    "a date of birth": "dob birthdate birthday dateofbirth geburtsdatum geburtstag birthdt",
    "a bank or card number": "iban bic creditcard cardnumber ccnumber bankaccount",
    "an official number": "ssn passport taxid nationalid socialsecurity steuernummer vatnumber",
    "an internet address": "ip ipaddress ipaddr macaddress deviceid",
}
_BY_WORD = {word: what for what, listed in _HEADERS.items() for word in listed.split()}
_PEOPLE = word_set("first last full given family middle customer client user person contact")


def personal_header(name: str) -> str:
    """Return what personal data a header announces, or nothing.

    Examples
    --------
    >>> [personal_header(name) for name in ("First Name", "E-Mail", "Date of Birth", "Gender")]
    ['a name', 'an e-mail address', 'a date of birth', '']
    """
    parts = words(name)
    joined = "".join(parts)
    if joined in _BY_WORD:
        return _BY_WORD[joined]
    if parts == ("name",) or (parts and parts[-1] == "name" and _PEOPLE & set(parts)):
        return "a name"
    if "birth" in parts and ("date" in parts or "day" in parts):
        return "a date of birth"
    for part in parts:
        if part in _BY_WORD and part != "nom":
            return _BY_WORD[part]
    return ""


def personal_content(values: Sequence[str]) -> str:
    """Return what personal data most of the values are, or nothing.

    Parameters
    ----------
    values : sequence of str
        Some values of a column, none missing.

    Examples
    --------
    >>> personal_content(["ann@example.org", "bob@example.org", "none"])
    'e-mail addresses'
    >>> personal_content(["DE89370400440532013000"])
    'bank accounts'
    """
    if not values:
        return ""
    for what, test in _CONTENT.items():
        if sum(map(test, values)) >= CONTENT_SHARE * len(values):
            return what
    return ""


def _is_email(value: str) -> bool:
    return bool(_EMAIL.fullmatch(value.strip()))


def _is_phone(value: str) -> bool:
    """Return whether a text is a telephone number; digits alone are not enough."""
    text = value.strip()
    digits = sum(mark.isdigit() for mark in text)
    dressed = text.startswith(("+", "00", "(")) or len(re.findall(r"[ ()./-]+", text)) >= 2
    is_date = bool(re.fullmatch(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}", text))
    return bool(_PHONE.fullmatch(text)) and 7 <= digits <= 15 and dressed and not is_date


def _is_iban(value: str) -> bool:
    text = value.replace(" ", "").upper()
    if not _IBAN.fullmatch(text):
        return False
    moved = text[4:] + text[:4]
    return int("".join(str(int(mark, 36)) for mark in moved)) % 97 == 1  # ISO 13616


def _is_card(value: str) -> bool:
    text = value.strip()
    if not _CARD.fullmatch(text):
        return False
    digits = [int(mark) for mark in text if mark.isdigit()][::-1]
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[1::2])  # ISO/IEC 7812
    return text[0] in "3456" and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_ip(value: str) -> bool:
    text = value.strip()
    if text.count(".") != 3 and text.count(":") < 2:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_ssn(value: str) -> bool:
    return bool(_SSN.fullmatch(value.strip()))


_CONTENT: dict[str, Callable[[str], bool]] = {
    "e-mail addresses": _is_email,
    "bank accounts": _is_iban,
    "card numbers": _is_card,
    "internet addresses": _is_ip,
    "official numbers": _is_ssn,
    "telephone numbers": _is_phone,
}
