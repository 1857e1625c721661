"""The words of the project: links lead somewhere, commands exist, docstrings say what is there."""

from __future__ import annotations

import inspect
import re
import runpy
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

import segmeans
from segmeans.sample import write_customers
from segmeans.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").rglob("*.md"),
        *(ROOT / "src").rglob("*.md"),
    ]
)
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]
SOURCE = ROOT / "src" / "segmeans"
MODULES = sorted(
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
    for path in SOURCE.rglob("*.py")
    if path.name not in {"__main__.py", "__init__.py"}
)


def code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(text: str) -> set[str]:
    """Return the anchors that a forge makes of the headings of a page."""
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text("utf-8"))):
        if re.match(r"https?://|mailto:", target):
            continue
        file, _, anchor = target.partition("#")
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), f"{name} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(linked.read_text("utf-8")), f"{name}: no heading for {target}"


def test_every_page_of_the_docs_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert {page for page in pages - {"index.md"} if f"({page})" not in index} == set()


def test_every_room_is_in_the_picture_of_the_house() -> None:
    picture = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rooms = {
        path.stem if path.is_file() else f"{path.name}/"
        for path in SOURCE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {room for room in rooms - {"__main__"} if f"| `{room}` |" not in picture} == set()


def test_the_settings_page_is_fresh() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "settings_page.py"))["page"]()
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == page, "run `make docs`"
    assert all(f"| `{name}` |" in page for name in Settings.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_named_make_targets_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE))
    text = (ROOT / name).read_text("utf-8")
    shells = "\n".join(code_blocks(text, "sh") + code_blocks(text, "console"))
    named = set(re.findall(r"`make ([a-z]+)`", text))
    named |= set(re.findall(r"(?:^|&& )(?:\$ )?make ([a-z]+)", shells, re.MULTILINE))
    assert named <= targets


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every `segmeans` command in the shell blocks of a page."""
    for block in code_blocks(text, "sh") + code_blocks(text, "console"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["segmeans"]:
                yield words[1:]


@pytest.mark.parametrize("name", NAMES)
def test_commands_and_options_exist(name: str) -> None:
    from segmeans.cli import app

    for words in commands((ROOT / name).read_text("utf-8")):
        command: Any = typer.main.get_command(app)
        rest = list(words)
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        options |= {o for parameter in command.params for o in parameter.secondary_opts}
        given = {word.split("=")[0] for word in rest if word.startswith("--")}
        assert given - options - {"--help"} == set(), f"{name}: segmeans {shlex.join(words)}"
        assert not hasattr(command, "commands") or given, f"{name}: no command in {words}"


@pytest.mark.parametrize("name", ["README.md", "docs/sample-data.md"])
def test_python_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_customers("customers.csv", rows=300, seed=1)
    namespace: dict[str, object] = {}
    for block in code_blocks((ROOT / name).read_text("utf-8"), "python"):
        exec(compile(block, name, "exec"), namespace)  # noqa: S102 (our own page)


# Docstrings


def public(module_name: str) -> Iterator[tuple[str, object]]:
    """Yield the public functions and classes of a module, and the methods of its classes."""
    module = import_module(module_name)
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", "") != module_name:
            continue
        if inspect.isfunction(value) or inspect.isclass(value):
            yield name, value
        if inspect.isclass(value):
            for inner, method in vars(value).items():
                if not inner.startswith("_") and inspect.isfunction(method):
                    yield f"{name}.{inner}", method


def section(docstring: str, title: str) -> str | None:
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^\w[\w ]*\n---|\Z)", docstring, re.M | re.S)
    return found[1] if found else None


def documented_parameters(docstring: str) -> list[str] | None:
    """Return the names in the section Parameters, in order."""
    body = section(docstring, "Parameters")
    if body is None:
        return None
    heads = re.findall(r"^(\S[^:\n]*?)(?: : .*)?$", body, re.MULTILINE)
    return [name.strip(" *") for head in heads for name in head.split(",")]


def parameters(value: object) -> list[str]:
    signature = inspect.signature(value)  # type: ignore[arg-type]
    return [name for name in signature.parameters if name not in {"self", "cls"}]


@pytest.mark.parametrize("module", MODULES)
def test_documented_parameters_are_the_real_ones(module: str) -> None:
    for name, value in public(module):
        documented = documented_parameters(inspect.getdoc(value) or "")
        if documented is None or is_error(value):
            continue
        assert set(documented) == set(parameters(value)), f"{module}.{name}"


def is_error(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, BaseException)


@pytest.mark.parametrize("name", sorted(set(segmeans.__all__) - {"__version__"}))
def test_the_front_door_is_documented(name: str) -> None:
    value = getattr(segmeans, name)
    docstring = inspect.getdoc(value) or ""
    assert docstring
    if inspect.isfunction(value):
        assert section(docstring, "Parameters")
        assert section(docstring, "Returns")
    elif not is_error(value):
        methods = {
            inner: method
            for inner, method in vars(value).items()
            if not inner.startswith("_") and inspect.isfunction(method)
        }
        assert {inner for inner, method in methods.items() if not method.__doc__} == set()
