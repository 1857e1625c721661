"""Words in some columns of a CSV or Parquet file replaced; everything else stays as it is."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from pathlib import Path

from segmeans.tables.cells import harmless
from segmeans.tables.duck import Engine, literal, quoted


def replace_words(
    source: Path, target: Path, columns: Collection[str], words: Mapping[str, str]
) -> None:
    """Copy a file with other words in some of its columns.

    Parameters
    ----------
    source, target : Path
        Both ``.csv``, as segmeans writes it, or both ``.parquet``.
    columns : collection of str
        Where the words stand; columns that are not there are passed over.
    words : mapping of str to str
        Old word to new one; what is not in it stays.
    """
    if source.suffix == ".parquet":
        _parquet(source, target, columns, words)
        return
    written = {harmless(old): harmless(new) for old, new in words.items()}
    with (
        source.open(encoding="utf-8", newline="") as read,
        target.open("w", encoding="utf-8", newline="") as file,
    ):
        rows, out = csv.reader(read), csv.writer(file, lineterminator="\n")
        head = next(rows, [])
        places = [place for place, name in enumerate(head) if name in columns]
        out.writerow(head)
        for row in rows:
            for place in places:
                row[place] = written.get(row[place], row[place])
            out.writerow(row)


def _parquet(
    source: Path, target: Path, columns: Collection[str], words: Mapping[str, str]
) -> None:
    with Engine(threads=1) as engine:
        read = f"read_parquet({literal(str(source))})"
        there = [name for name in engine.types(f"SELECT * FROM {read}") if name in columns]
        branches = " ".join(
            f"WHEN {literal(old)} THEN {literal(new)}" for old, new in words.items()
        )
        replaced = ", ".join(
            f"CASE {quoted(name)} {branches} ELSE {quoted(name)} END AS {quoted(name)}"
            for name in there
        )
        chosen = f"* REPLACE ({replaced})" if there and words else "*"
        engine.run(f"COPY (SELECT {chosen} FROM {read}) TO {literal(str(target))} (FORMAT parquet)")
