"""A CSV file of known types as Parquet, written by the engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from segmeans.tables.duck import Engine, literal


def from_csv(csv: Path, target: Path, types: Mapping[str, str]) -> None:
    """Write a CSV file as Parquet, out of core: the same rows in the same order, always alike.

    Parameters
    ----------
    csv : Path
        A comma-separated UTF-8 file with a header, as segmeans itself writes it.
    target : Path
        The Parquet file; replaced when it exists.
    types : mapping of str to str
        SQL type by column name, in the order of the file.

    Raises
    ------
    SourceError, OutputError
        When the file does not hold these columns, or the disk is full.
    """
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    with Engine(threads=1) as engine:  # several threads would cut the rows into other groups
        engine.run(
            f"COPY (SELECT * FROM read_csv({literal(str(csv))}, header = true, delim = ',', "
            f"quote = '\"', escape = '\"', auto_detect = false, columns = {{{columns}}})) "
            f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)",
            where=str(target),
        )
