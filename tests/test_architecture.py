"""The floors and fences of the house: which room may import which, and which library where.

``docs/architecture.md`` draws the same picture. Every import under ``src/segmeans`` is read from
the syntax tree: those at the top of a file, inside functions, behind ``TYPE_CHECKING`` and in
``import_module("...")`` with a name written out.

A *room* is a file or folder directly under ``segmeans``. Imports between rooms only go down, also
those that serve type hints alone. A *library* may be imported only where the fences say; for type
hints alone it may be named anywhere, because then nothing is loaded.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "segmeans"

# From the top of the house to the ground. Rooms on one floor do not import one another.
FLOORS = (
    ("__main__",),
    ("cli", "app"),
    ("report",),
    ("refit", "audience"),
    ("study", "later"),
    ("commerce", "prices"),
    ("prepared",),
    ("verdict", "segments", "model", "tracking", "doctor", "shown"),
    ("preparation",),
    ("tables", "clustering"),
    ("settings", "config", "records", "errors", "plain", "sample"),
)

# Neighbours on one floor that may be imported all the same, each with its reason.
NEIGHBOURS = {
    ("settings", "errors"): "a bad value raises a SettingError",
    ("config", "errors"): "a broken file raises a SourceError",
    ("sample", "errors"): "a bad option raises a SettingError",
    ("cli", "app"): "`segmeans app` starts it",
    ("segments", "model"): "segments are described by the customers that the model assigned",
    ("tracking", "model"): "a new period is scored with the old model before it is compared",
}

# Files that may import a room above them all the same, each with its reason.
UPWARDS = {
    ("study/result.py", "report"): "`study.plot.elbow()` loads what draws when it is asked to",
}

# A floor below may still be out of bounds: room -> rooms it never imports, with the reason.
CLOSED = {
    "report": ({"clustering"}, "a report reads records and computes nothing"),
    "cli": ({"clustering", "preparation"}, "a command parses, calls and prints"),
    "app": ({"clustering", "preparation"}, "a page parses, calls and shows"),
}

# Every library the package may import, and where: a file, a folder ("report/") or everywhere.
FENCES: dict[str, tuple[str, ...]] = {
    "numpy": ("",),
    "pydantic": ("settings.py", "model/reading.py", "study/reading.py"),
    "pydantic_core": ("model/reading.py",),
    "tomli_w": ("config.py",),
    "duckdb": ("tables/duck.py",),
    "sqlglot": ("tables/sql.py",),
    "psycopg": ("tables/postgres.py",),
    "python_calamine": ("tables/",),
    "xlsxwriter": ("tables/",),
    "sklearn": ("clustering/kmeans.py", "segments/typing_tool.py"),
    "scipy": ("tracking/", "segments/clv.py", "segments/descriptors.py", "clustering/limits.py"),
    "threadpoolctl": ("clustering/sums.py", "report/figure_map.py"),
    "jinja2": ("report/",),
    "markupsafe": ("report/",),
    "matplotlib": ("report/",),
    "seaborn": ("report/",),
    "pandas": ("report/",),
    "nbclient": ("report/executing.py",),
    "nbformat": ("report/executing.py",),
    "rich": ("cli.py", "cli/", "report/"),
    "typer": ("cli.py", "cli/"),
}


@dataclass(frozen=True)
class Import:
    """One import statement: who imports what, on which line, for type hints alone or not."""

    file: str
    line: int
    module: str
    level: int = 0
    typing_only: bool = False

    @property
    def where(self) -> str:
        """File and line, for messages."""
        return f"{self.file}:{self.line}"


def _asks_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _dynamic(node: ast.Call) -> str | None:
    """Return the module of ``import_module("name")`` or ``__import__("name")``."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in {"import_module", "__import__"} or not node.args:
        return None
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def imports_of(source: str, file: str) -> list[Import]:
    """Read every import of a file from its syntax tree."""
    found: list[Import] = []

    def visit(node: ast.AST, typing_only: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend(
                Import(file, node.lineno, alias.name, 0, typing_only) for alias in node.names
            )
        elif isinstance(node, ast.ImportFrom):
            # `from segmeans import study` imports the room `segmeans.study`
            modules = (
                [f"segmeans.{alias.name}" for alias in node.names]
                if node.module == "segmeans"
                else [node.module or ""]
            )
            found.extend(
                Import(file, node.lineno, module, node.level, typing_only) for module in modules
            )
        elif isinstance(node, ast.Call) and (module := _dynamic(node)):
            found.append(Import(file, node.lineno, module, 0, typing_only))
        if isinstance(node, ast.If) and _asks_type_checking(node.test):
            for child in node.body:
                visit(child, True)
            for child in node.orelse:
                visit(child, typing_only)
            return
        for child in ast.iter_child_nodes(node):
            visit(child, typing_only)

    visit(ast.parse(source, file), False)
    return found


def tree_imports(root: Path) -> list[Import]:
    """Read every import of every file below a package folder, the front door apart."""
    return [
        found
        for path in sorted(root.rglob("*.py"))
        if path != root / "__init__.py"
        for found in imports_of(path.read_text("utf-8"), path.relative_to(root).as_posix())
    ]


def room_of(file: str) -> str:
    """Return the room of a file: its folder, or its own name without the ending."""
    return file.split("/")[0].removesuffix(".py")


def _floor(room: str) -> int | None:
    return next((height for height, rooms in enumerate(FLOORS) if room in rooms), None)


def _check_room(found: Import) -> str | None:
    """Return what is wrong with an import of a room of the house."""
    importer, imported = room_of(found.file), found.module.removeprefix("segmeans.").split(".")[0]
    if importer == imported:
        return None
    if found.module == "segmeans" or imported.startswith("__"):
        ok = imported == "__version__" or importer == "__main__"
        return None if ok else f"{found.where} imports the front door"
    above, below = _floor(importer), _floor(imported)
    if above is None or below is None:
        room = importer if above is None else imported
        return f"{found.where}: the room {room!r} stands on no floor"
    if below < above and (found.file, imported) not in UPWARDS:
        return f"{found.where}: {importer} imports {imported}, which lies above it"
    if below == above and (importer, imported) not in NEIGHBOURS:
        return f"{found.where}: {importer} imports its neighbour {imported}"
    closed, reason = CLOSED.get(importer, (set(), ""))
    if imported in closed:
        return f"{found.where}: {importer} imports {imported}, but {reason}"
    return None


def _check_library(found: Import) -> str | None:
    """Return what is wrong with an import of a library."""
    library = found.module.split(".")[0]
    if library in sys.stdlib_module_names or found.typing_only:
        return None
    if library not in FENCES:
        return f"{found.where} imports {library}, which no fence knows"
    if room_of(found.file) == "sample" and library != "numpy":
        return f"{found.where}: the sampler imports {library}; it needs numpy alone"
    allowed = FENCES[library]
    if any(
        found.file == place or (place[-1:] in {"", "/"} and found.file.startswith(place))
        for place in allowed
    ):
        return None
    return f"{found.where} imports {library}, which is fenced in {', '.join(allowed)}"


def violations(imports: list[Import]) -> list[str]:
    """Return one sentence per import that breaks a rule."""
    broken = []
    for found in imports:
        if found.level:
            broken.append(f"{found.where} imports relatively")
            continue
        inside = found.module == "segmeans" or found.module.startswith("segmeans.")
        problem = _check_room(found) if inside else _check_library(found)
        if problem:
            broken.append(problem)
    return broken


def test_every_import_keeps_to_the_floors_and_fences() -> None:
    imports = tree_imports(SOURCE)
    assert len(imports) > 20, "the checker read hardly anything"
    assert violations(imports) == []


def test_every_room_stands_on_one_floor() -> None:
    rooms = [room for floor in FLOORS for room in floor]
    assert len(rooms) == len(set(rooms))
    present = {
        room_of(path.relative_to(SOURCE).as_posix())
        for path in SOURCE.rglob("*.py")
        if path != SOURCE / "__init__.py"
    }
    assert present - set(rooms) == set()


# The checker itself, on small made-up houses.


@pytest.mark.parametrize(
    ("file", "code", "complaint"),
    [
        ("tables/source.py", "import segmeans.clustering.search", "neighbour clustering"),
        ("clustering/search.py", "from segmeans.tables import duck", "neighbour tables"),
        ("tables/source.py", "from segmeans.study import Study", "which lies above it"),
        ("records.py", "from segmeans import verdict", "which lies above it"),
        ("sample/text.py", "from segmeans.tables.sink import Outputs", "which lies above it"),
        ("sample/text.py", "from segmeans.settings import Settings", "neighbour settings"),
        ("report/page.py", "import segmeans.clustering.quality", "a report reads records"),
        ("study.py", "from segmeans import segment", "stands on no floor"),
        ("study.py", "import segmeans", "the front door"),
        ("attic.py", "from segmeans.errors import DataError", "'attic' stands on no floor"),
        ("tables/source.py", "from . import duck", "imports relatively"),
        ("tables/source.py", "from ..errors import DataError", "imports relatively"),
        ("tables/source.py", "import duckdb", "fenced in tables/duck.py"),
        ("tables/duck.py", "import sqlglot.expressions as e", "fenced in tables/sql.py"),
        ("clustering/quality.py", "from sklearn.metrics import f1_score", "fenced in clustering"),
        ("study.py", "import matplotlib.pyplot as plt", "fenced in report/"),
        ("report/page.py", "import typer", "fenced in cli.py"),
        ("study.py", "import requests", "which no fence knows"),
        ("study.py", "def f():\n    import seaborn", "fenced in report/"),
        ("study.py", "try:\n    import pandas\nexcept ImportError:\n    pass", "fenced in report/"),
        ("study.py", "importlib.import_module('duckdb')", "fenced in tables/duck.py"),
        ("study.py", "__import__('typer')", "fenced in cli.py"),
        (
            "records.py",
            "if TYPE_CHECKING:\n    from segmeans.study import Study",
            "which lies above it",
        ),
        (
            "records.py",
            "import typing\nif typing.TYPE_CHECKING:\n    pass\nelse:\n    import pandas",
            "fenced in report/",
        ),
    ],
)
def test_a_planted_violation_is_found(file: str, code: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, "utf-8")
    [problem] = violations(tree_imports(tmp_path))
    assert complaint in problem
    assert problem.startswith(f"{file}:")


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("cli.py", "import typer\nfrom segmeans.study import Study"),
        ("cli/run.py", "import rich.table"),
        ("study.py", "from segmeans.tables.source import open_source\nimport json"),
        ("tables/duck.py", "import duckdb"),
        ("tables/source.py", "from segmeans.tables.duck import Engine"),
        ("report/figures.py", "def draw():\n    import seaborn"),
        ("study.py", "if TYPE_CHECKING:\n    import pandas as pd"),
        ("study.py", "from segmeans import __version__"),
        ("__main__.py", "from segmeans.cli import main"),
        ("settings.py", "from segmeans.errors import SettingError"),
    ],
)
def test_a_lawful_import_passes(file: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, "utf-8")
    assert violations(tree_imports(tmp_path)) == []


def test_the_front_door_may_name_every_room(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("from segmeans.study import Study", "utf-8")
    assert tree_imports(tmp_path) == []
