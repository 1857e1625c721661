"""JSON lines, and JSON arrays of objects."""

from __future__ import annotations

from pathlib import Path

from segmeans.records import Finding
from segmeans.tables.duck import Engine, literal
from segmeans.tables.grid import RAW, view_with_tidy_names


def load_json(
    engine: Engine, path: Path, relation: str
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """Read a JSON file into a table; the type of a field comes from all of its values.

    Parameters
    ----------
    engine : Engine
        Gets the table.
    path : Path
        One object per line, or an array of objects; possibly compressed with gzip.
    relation : str
        Name of the new view.

    Raises
    ------
    SourceError
        If a line is no JSON.
    """
    engine.run(
        f"CREATE TABLE {RAW} AS SELECT * FROM read_json({literal(str(path))}, "
        "format = 'auto', records = 'true', sample_size = -1)",
        where=str(path),
    )
    return {}, view_with_tidy_names(engine, relation)
