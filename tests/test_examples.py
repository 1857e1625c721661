"""The stories of examples/ run as notebooks, and what they promise comes out."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from segmeans.report.executing import NotebookError, execute

ROOT = Path(__file__).parents[1]
STORIES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    place = ROOT / "scripts" / "run_examples.py"
    spec = importlib.util.spec_from_file_location("run_examples", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed(cell: dict[str, Any]) -> str:
    return "".join(
        "".join(output.get("text", output.get("data", {}).get("text/plain", "")))
        for output in cell["outputs"]
    )


def test_there_are_the_three_stories() -> None:
    assert STORIES == ["customers", "orders", "plain"]


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_a_story_runs_as_a_notebook(name: str, script: ModuleType, tmp_path: Path) -> None:
    text = script.notebook((ROOT / "examples" / f"{name}.py").read_text("utf-8"))
    book = json.loads(execute(text, tmp_path))
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    kinds = {output["output_type"] for cell in code for output in cell["outputs"]}
    assert "error" not in kinds
    pictures = sum(
        "image/png" in output.get("data", {}) for cell in code for output in cell["outputs"]
    )
    told = "\n".join(printed(cell) for cell in code)
    assert pictures >= {"customers": 5, "orders": 3, "plain": 1}[name]
    assert {"customers": "Young affluent", "orders": "revenue", "plain": "none"}[name] in told
    assert list(tmp_path.iterdir()) == [], "a story leaves nothing behind"


def test_a_story_is_words_and_code(script: ModuleType) -> None:
    book = json.loads(
        script.notebook("# %% [markdown]\n# # Title\n#\n# Words.\n\n# %%\nx = 1\nx\n")
    )
    assert [(cell["cell_type"], cell["source"]) for cell in book["cells"]] == [
        ("markdown", "# Title\n\nWords."),
        ("code", "x = 1\nx"),
    ]


def test_a_cell_that_fails_is_one_clear_error(script: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match=r"A cell of the notebook failed .*ZeroDivisionError"):
        execute(script.notebook("# %%\n1 / 0\n"), tmp_path)
