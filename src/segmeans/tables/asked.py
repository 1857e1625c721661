"""The columns that the settings name: there, and not asked for two things at once."""

from __future__ import annotations

from collections.abc import Sequence

from segmeans.errors import ColumnNotFoundError, SettingError
from segmeans.settings import Settings
from segmeans.tables.names import shown

_EXCLUSIVE = (
    ("id", "ignore"),
    ("id", "describe"),
    ("features", "ignore"),
    ("features", "describe"),
    ("ignore", "describe"),
    ("weight", "ignore"),
    ("weight", "describe"),
)


def check_columns(names: Sequence[str], settings: Settings) -> None:
    """Check the settings against the columns of a table.

    Raises
    ------
    ColumnNotFoundError
        If a setting names a column that is not there; suggests the nearest one.
    SettingError
        If settings contradict one another.
    """
    asked = {
        "id": (settings.id,) if settings.id is not None else (),
        "features": settings.features,
        "ignore": settings.ignore,
        "describe": settings.describe,
        "weight": tuple(settings.weight),
    }
    for setting, wanted in asked.items():
        for name in wanted:
            if name not in names:
                raise ColumnNotFoundError.from_names(name, names, where=f"setting '{setting}'")
    for first, second in _EXCLUSIVE:
        if both := [name for name in asked[first] if name in asked[second]]:
            raise SettingError(
                f"A column cannot be in both settings '{first}' and '{second}'",
                found=shown(both),
                hint="leave it out of one of them",
            )
    if settings.features and (idle := [n for n in settings.weight if n not in settings.features]):
        raise SettingError(
            "A weight is given to a column that is not among the features",
            found=shown(idle),
            hint="add it to 'features' or leave out its weight",
        )
