"""Write docs/model.schema.json from the records as declared: `make docs` runs it."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter

from segmeans.model import SCHEMA
from segmeans.records import ModelRecord

FILE = Path(__file__).parents[1] / "docs" / "model.schema.json"


def schema() -> str:
    """Return the JSON Schema of a model file."""
    described = TypeAdapter(ModelRecord).json_schema()
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    described["title"] = f"segmeans model, schema {SCHEMA}"
    described["properties"]["schema"] |= {"minimum": 1, "maximum": SCHEMA}
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema(), "utf-8")
    print(f"wrote {FILE}")
