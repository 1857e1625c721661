"""The published JSON Schema is the one that the records declare."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_schema_is_fresh() -> None:
    written = runpy.run_path(str(ROOT / "scripts" / "model_schema.py"))["schema"]()
    published = (ROOT / "docs" / "model.schema.json").read_text("utf-8")
    assert json.loads(published) == json.loads(written), "run `make docs`"
