"""Write docs/settings.md from the settings as declared: `make docs` runs it."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from pathlib import Path

from segmeans.settings import Settings, allowed_values

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"

HEAD = """\
# Settings

Everything that can be asked of a study, declared once in `src/segmeans/settings.py`. The same name
serves everywhere: `--max-missing 0.3` on the command line, `max_missing = 0.3` in a `study.toml`,
`segmeans.segment(data, max_missing=0.3)` in Python. What a study was asked and what it resolved
that to both stand in its `study.json`.

This page is written by `make docs`; a test keeps it fresh.
"""


def _default(value: object) -> str:
    if value is None or value in ((), {}):
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value[0]}-{value[1]}`" if isinstance(value, tuple) else f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def page() -> str:
    """Return the page as Markdown."""
    parts = [HEAD]
    fields = [
        (name, str(field.json_schema_extra["group"]))
        for name, field in Settings.model_fields.items()
        if isinstance(field.json_schema_extra, dict)
    ]
    for title, members in groupby(fields, itemgetter(1)):
        parts.append(
            f"\n## {title}\n\n| setting | meaning | allowed | default |\n|---|---|---|---|\n"
        )
        for name, _ in members:
            field = Settings.model_fields[name]
            parts.append(
                f"| `{name}` | {_cell(field.description or '')} | {_cell(allowed_values(name))} "
                f"| {_default(field.default)} |\n"
            )
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"Wrote {PAGE}")
