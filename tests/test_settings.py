"""Settings: every value a user may give is either taken or refused with one clear error."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from segmeans.errors import SettingError
from segmeans.settings import Settings, allowed_values

BAD_VALUES = {
    "table": [3],
    "query": [3],
    "separator": ["", "four"],
    "encoding": [3],
    "decimal": ["x"],
    "id": [3],
    "features": [3, [1]],
    "ignore": [3],
    "describe": [3],
    "orders": ["perhaps"],
    "customer": [3],
    "date": [3],
    "amount": [3],
    "order": [3],
    "quantity": [3],
    "price": [3],
    "product": [3],
    "product_group": [3],
    "status": [3],
    "cost": [3],
    "margin": [3],
    "discount": [3],
    "currency_column": [3],
    "currency": [3],
    "as_of": ["yesterday", "2024-13-01"],
    "duplicates": ["some"],
    "returns": ["keep"],
    "zero_amounts": ["some"],
    "same_day": ["week"],
    "time_zone": [3],
    "horizon": [0, 521, "long", float("nan")],
    "rfm_names": [3],
    "rfm_scale": [3],
    "rfm_binning": ["both"],
    "rejected": ["perhaps"],
    "scale": ["standart", None],
    "transform": ["sqrt"],
    "outliers": ["drop"],
    "missing": ["zero"],
    "max_missing": [-0.1, 1.1, "half"],
    "weight": ["Age", "Age=", "=2", "Age=0", "Age=-1", "Age=nan", "Age=inf", "Age=x", 3],
    "names": ["Regulars", {"1": 5}],
    "k": [0, -1, "0", "2-", "-2", "five", "2-1", 2.5, True, (2,), (0, 3)],
    "smallest": [-0.1, 1, "tiny"],
    "min_size": [-1, "x"],
    "max_size": [0, "x"],
    "seed": [-1, "x", 2**63],
    "threads": [0, "x"],
    "memory": [0, "x", float("nan")],
    "robustness": ["perhaps"],
    "membership": ["perhaps"],
    "fast": ["perhaps"],
    "out": [3],
    "format": ["xlsx"],
    "overwrite": ["perhaps"],
    "figures": ["perhaps"],
    "pdf": ["perhaps"],
    "excel": ["perhaps"],
    "browser": [3],
    "playbook": [3],
    "targeting": [3],
}


def test_every_setting_has_bad_values() -> None:
    assert set(BAD_VALUES) == set(Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_VALUES.items() for value in values]
)
def test_bad_value_is_refused_with_what_is_allowed(name: str, value: object) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.ask({name: value}, where="study.toml")
    message = str(caught.value)
    assert repr(name) in message
    assert allowed_values(name) in message
    assert caught.value.exit_code == 2


def test_every_setting_says_what_it_means_and_belongs_to_a_group() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert isinstance(field.json_schema_extra, dict), name
        assert field.json_schema_extra["group"], name


def test_unknown_setting_names_the_nearest() -> None:
    with pytest.raises(SettingError, match="Try: 'scale'"):
        Settings.ask({"scael": "none"})


@pytest.mark.parametrize(
    ("given", "expected"),
    [(5, (5, 5)), ("5", (5, 5)), ("2-20", (2, 20)), (" 2 - 20 ", (2, 20)), ((2, 20), (2, 20))],
)
def test_k_takes_a_number_or_a_range(given: object, expected: tuple[int, int]) -> None:
    assert Settings.ask({"k": given}).k == expected


def test_weight_divides_at_the_last_equals_sign() -> None:
    settings = Settings.ask({"weight": ["a=b=2", "Annual Income (k$)=0.5"]})
    assert settings.weight == {"a=b": 2.0, "Annual Income (k$)": 0.5}


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().k = (1, 2)
