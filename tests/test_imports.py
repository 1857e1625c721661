"""The front door: every name opens, and nothing heavy is loaded before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import segmeans

HEAVY = {
    "duckdb",
    "jinja2",
    "matplotlib",
    "numpy",
    "pandas",
    "polars",
    "psycopg",
    "pyarrow",
    "scipy",
    "seaborn",
    "sklearn",
    "sqlglot",
}

RUN = """
from segmeans.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
"""


def loaded_by(statement: str, *arguments: str) -> set[str]:
    """Return the top-level modules that a fresh process holds after a statement."""
    code = f"import sys\nsys.argv[1:] = {list(arguments)!r}\n{statement}\nprint(*sys.modules)"
    out = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in out.stdout.splitlines()[-1].split()}


def test_import_loads_only_the_front_door() -> None:
    assert loaded_by("import segmeans") & (HEAVY | {"pydantic", "typer", "rich"}) == set()


def test_an_error_of_the_front_door_loads_nothing_heavy() -> None:
    assert loaded_by("from segmeans import DataError") & (HEAVY | {"pydantic", "typer"}) == set()


def test_settings_load_pydantic_alone() -> None:
    loaded = loaded_by("from segmeans import Settings")
    assert "pydantic" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["run", "--help"], ["sample", "customers", "--help"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by(RUN, *arguments) & HEAVY == set()


def test_the_kernels_load_numpy_alone() -> None:
    loaded = loaded_by("import segmeans.clustering.kernels")
    assert "numpy" in loaded
    assert loaded & (HEAVY - {"numpy"}) == set()


def test_every_room_imports_without_the_libraries_that_draw() -> None:
    drawing = {"matplotlib", "seaborn", "pandas"}
    assert loaded_by("import segmeans.study") & (drawing | {"sklearn"}) == set()


@pytest.mark.parametrize("name", segmeans.__all__)
def test_every_public_name_opens_and_is_described(name: str) -> None:
    value = getattr(segmeans, name)
    assert name == "__version__" or value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'segments_of'"):
        _ = segmeans.segments_of


def test_dir_lists_the_public_names() -> None:
    assert dir(segmeans) == sorted(segmeans.__all__)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(segmeans.__file__).read_text("utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    typed = {alias.name for node in block.body for alias in node.names}
    assert typed | {"__version__"} == set(segmeans.__all__)
