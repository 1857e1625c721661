"""Run the stories of examples/ as notebooks: `make examples` does it.

A story is a Python file in the percent format: `# %% [markdown]` begins words, `# %%` begins code.
So it can be read, compared and run as a script; the notebook is made from it, with its outputs,
and is never edited by hand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def notebook(text: str) -> str:
    """Return a story in the percent format as the text of a notebook without outputs."""
    cells: list[dict[str, object]] = []
    for place, part in enumerate(text.split("# %%")[1:]):
        head, _, body = part.partition("\n")
        words = head.strip() == "[markdown]"
        lines = body.strip("\n").split("\n")
        if words:
            lines = [line.removeprefix("#").removeprefix(" ") for line in lines]
        cell: dict[str, object] = {
            "cell_type": "markdown" if words else "code",
            "id": f"cell-{place}",
            "metadata": {},
            "source": "\n".join(lines),
        }
        cells.append(cell if words else cell | {"execution_count": None, "outputs": []})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main(names: list[str]) -> None:
    """Write the named stories, or all, into examples/executed."""
    from segmeans.report.executing import execute

    (EXAMPLES / "executed").mkdir(exist_ok=True)
    for path in sorted(EXAMPLES.glob("*.py")):
        if names and path.stem not in names:
            continue
        target = EXAMPLES / "executed" / f"{path.stem}.ipynb"
        target.write_text(execute(notebook(path.read_text("utf-8")), EXAMPLES), "utf-8")
        print(f"Wrote {target}")


if __name__ == "__main__":
    main(sys.argv[1:])
