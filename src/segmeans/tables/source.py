"""A path, a database URL or a dataframe becomes a table."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from segmeans.errors import ColumnNotFoundError, DataError, SettingError, SourceError, nearest_name
from segmeans.records import Finding, SourceInfo
from segmeans.settings import Settings
from segmeans.tables.asked import check_columns
from segmeans.tables.columns import serve_columns
from segmeans.tables.delimited import load_delimited
from segmeans.tables.duck import BLOCK_ROWS, Engine, Table, literal, quoted
from segmeans.tables.grid import RAW, view_with_tidy_names
from segmeans.tables.text import file_digest, unreadable

SOURCE, DATA = "source", "data"  # the rows as the source gives them, and as they are served
CHOSEN = "chosen"  # only some columns of the source

Loaded = tuple[dict[str, str], tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class Opened:
    """An open source: close it, or use it as a context manager.

    Parameters
    ----------
    table : Table
        The rows.
    info : SourceInfo
        Where they came from.
    findings : tuple of Finding
        What was odd while reading.
    """

    table: Table
    info: SourceInfo
    findings: tuple[Finding, ...]

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the rows and remove temporary files."""
        self.table.engine.close()


def open_table(
    source: object,
    settings: Settings | None = None,
    *,
    only: Collection[str] | None = None,
    words: Collection[str] = (),
    known: Mapping[str, str] | None = None,
) -> Opened:
    """Open a source of rows.

    Parameters
    ----------
    source : path, str or dataframe
        A file (CSV or TSV, also compressed, Parquet, JSON lines, Excel, DuckDB, SQLite), a folder
        of Parquet files, a URL of PostgreSQL (``postgresql://user@host/database``), or from
        Python a pandas or polars frame, an Arrow object or a mapping of columns.
    settings : Settings, optional
        What the user asked for: separator, encoding, decimal mark, table, query, id, features.
    only : collection of str, optional
        Leave out every other column, unread where the format allows it.
    words : collection of str, default=()
        Columns whose text is known to be words; it is taken as it stands.
    known : mapping of str to str, optional
        How columns of text were written on an earlier day; they are read the same way again,
        where their values allow that.

    Returns
    -------
    Opened
        The input is never changed.

    Raises
    ------
    SourceError, DataError, DependencyError, SettingError, ColumnNotFoundError
        When the source cannot be found or read, holds no rows, needs a library that is not
        installed, or has no column of a name in the settings.
    """
    settings = settings or Settings()
    engine = Engine(threads=settings.threads, memory=settings.memory)
    try:
        return _opened(engine, source, settings, only, words, known)
    except BaseException:
        engine.close()
        raise


def _opened(
    engine: Engine,
    source: object,
    settings: Settings,
    only: Collection[str] | None,
    words: Collection[str],
    known: Mapping[str, str] | None,
) -> Opened:
    if isinstance(source, (str, Path)):
        name, kind, (details, findings) = _load_named(engine, source, settings)
    else:
        from segmeans.tables.frames import load_frame

        name, kind, (details, findings) = (
            "dataframe",
            "dataframe",
            load_frame(engine, source, SOURCE),
        )
    table, found = _served(
        engine,
        settings,
        name,
        copy=kind not in ("parquet", "duckdb"),
        only=only,
        words=words,
        known=known,
    )
    digest = _digest(source, table)
    info = SourceInfo(
        name=name,
        kind=kind,
        rows=table.n_rows,
        columns=len(table.columns),
        fingerprint=digest,
        details=details,
    )
    return Opened(table, info, (*findings, *found))


def _served(
    engine: Engine,
    settings: Settings,
    name: str,
    *,
    copy: bool,
    only: Collection[str] | None,
    words: Collection[str],
    known: Mapping[str, str] | None,
) -> tuple[Table, tuple[Finding, ...]]:
    """Turn the relation ``source`` into the table that is served."""
    names = list(engine.types(f"SELECT * FROM {SOURCE}", where=name))
    check_columns(names, settings)
    columns, findings = serve_columns(
        engine,
        _chosen(engine, names, only),
        DATA,
        copy=copy,
        decimal=settings.decimal,
        text=[settings.id] if settings.id else [],
        numbers=settings.features,
        words=words,
        known=known,
    )
    if copy:
        engine.run(f"DROP VIEW IF EXISTS {SOURCE}")
        engine.run(f"DROP TABLE IF EXISTS {RAW}")
    table = Table(engine, DATA, columns, name=name)
    if table.n_rows == 0:
        raise DataError("The table has no rows", where=name, hint="check how it was exported")
    return table, findings


def _chosen(engine: Engine, names: list[str], only: Collection[str] | None) -> str:
    """Return the relation with only some columns of the source."""
    if only is None:
        return SOURCE
    for name in only:
        if name not in names:
            raise ColumnNotFoundError.from_names(name, names)
    listed = ", ".join(quoted(name) for name in names if name in only)
    engine.run(f"CREATE VIEW {CHOSEN} AS SELECT {listed} FROM {SOURCE}")
    return CHOSEN


# --- paths and URLs ----------------------------------------------------------------------------


def without_password(name: str) -> str:
    """Return a URL without the password in it.

    Examples
    --------
    >>> without_password("postgresql://ann:secret@db.example/shop?password=secret")
    'postgresql://ann@db.example/shop'
    """
    if "://" not in name:
        return name
    parts = urlsplit(name)
    user, _, place = parts.netloc.rpartition("@")
    who = user.partition(":")[0]
    return urlunsplit((parts.scheme, f"{who}@{place}" if who else place, parts.path, "", ""))


def _load_named(engine: Engine, source: str | Path, settings: Settings) -> tuple[str, str, Loaded]:
    name = str(source)
    scheme = name.partition("://")[0].casefold() if "://" in name else ""
    if scheme in ("postgresql", "postgres"):
        from segmeans.tables.postgres import load_postgres

        loaded = load_postgres(
            engine,
            name,
            SOURCE,
            name=without_password(name),
            table=settings.table,
            query=settings.query,
        )
        return without_password(name), "postgres", loaded
    if scheme in ("duckdb", "sqlite", "file"):
        name = name.partition("://")[2]
        source = "/" + name.lstrip("/") if name.startswith("//") else name
    elif scheme:
        raise SourceError(
            "This kind of URL cannot be read",
            where=without_password(name),
            found=f"{scheme}://",
            allowed="a file, a folder of Parquet files, duckdb:// , sqlite:// or postgresql://",
        )
    path = Path(source).expanduser()
    kind = _kind_of(path)
    if kind not in ("duckdb", "sqlite") and settings.query:
        raise SettingError(
            "The setting 'query' needs a database",
            where=str(source),
            found=f"a file of kind {kind}",
            allowed="DuckDB, SQLite or PostgreSQL",
        )
    return name, kind, _LOADERS[kind](engine, path, settings)


def _kind_of(path: Path) -> str:
    """Return what a file is, from its first bytes rather than from its name."""
    if path.is_dir():
        if _parts(path):
            return "parquet"
        raise SourceError(
            "The folder holds no Parquet files",
            where=str(path),
            allowed="a file, or a folder of .parquet files",
        )
    if path.exists() and not path.is_file():
        raise SourceError("This is neither a file nor a folder", where=str(path))
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as error:
        raise unreadable(path, error) from None
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"SQLite format 3\x00"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if _is_workbook(path, head):
        return "excel"
    names = path.name.casefold()
    if any(end in names for end in (".jsonl", ".ndjson", ".json")):
        return "json"
    return "csv"


def _is_workbook(path: Path, head: bytes) -> bool:
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return True
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            inside = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return path.suffix.casefold() in (".xlsx", ".xlsm", ".xlsb", ".ods")
    return any(name.startswith("xl/") or name == "content.xml" for name in inside)


def _missing(path: Path) -> SourceError:
    folder = path.parent
    try:
        near = nearest_name(path.name, (other.name for other in folder.iterdir()))
    except OSError:
        near = None
    return SourceError(
        "There is no such file", where=str(path), hint=repr(str(folder / near)) if near else ""
    )


def _parts(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix.casefold() in (".parquet", ".pq"))
    hidden = (
        path
        for path in found
        if path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    )
    return sorted(hidden)


def _load_csv(engine: Engine, path: Path, settings: Settings) -> Loaded:
    return load_delimited(
        engine, path, SOURCE, separator=settings.separator, encoding=settings.encoding
    )


def _load_parquet(engine: Engine, path: Path, _: Settings) -> Loaded:
    """Serve Parquet where it lies: nothing is copied into memory."""
    parts = _parts(path) if path.is_dir() else [path]
    listed = ", ".join(literal(str(part)) for part in parts)
    scan = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    details = {"files": str(len(parts))} if path.is_dir() else {}
    return details, view_with_tidy_names(engine, SOURCE, scan, where=str(path))


def _load_json(engine: Engine, path: Path, _: Settings) -> Loaded:
    from segmeans.tables.json_lines import load_json

    return load_json(engine, path, SOURCE)


def _load_excel(engine: Engine, path: Path, settings: Settings) -> Loaded:
    from segmeans.tables.excel import load_excel

    return load_excel(engine, path, SOURCE, sheet=settings.table)


def _load_duckdb(engine: Engine, path: Path, settings: Settings) -> Loaded:
    from segmeans.tables.databases import load_duckdb

    return load_duckdb(engine, path, SOURCE, table=settings.table, query=settings.query)


def _load_sqlite(engine: Engine, path: Path, settings: Settings) -> Loaded:
    from segmeans.tables.databases import load_sqlite

    return load_sqlite(engine, path, SOURCE, table=settings.table, query=settings.query)


_LOADERS: dict[str, Callable[[Engine, Path, Settings], Loaded]] = {
    "csv": _load_csv,
    "parquet": _load_parquet,
    "json": _load_json,
    "excel": _load_excel,
    "duckdb": _load_duckdb,
    "sqlite": _load_sqlite,
}


# --- fingerprint -------------------------------------------------------------------------------


def _digest(source: object, table: Table) -> str:
    """Return the SHA-256 of the file's bytes, of a folder's files in order, or of the rows."""
    if isinstance(source, (str, Path)):
        path = Path(source).expanduser()
        if path.is_file():
            return file_digest(path)
        if path.is_dir():
            digests = (file_digest(part) for part in _parts(path))
            return hashlib.sha256("\n".join(digests).encode()).hexdigest()
    return rows_digest(table)


def rows_digest(table: Table) -> str:
    """Return the SHA-256 of the names of the columns and of every row, in order."""
    digest = hashlib.sha256("\x1f".join(table.names).encode())
    cells = ", ".join(f"coalesce(CAST({quoted(name)} AS VARCHAR), chr(0))" for name in table.names)
    query = f"SELECT sha256(concat_ws(chr(31), {cells})) AS row FROM {quoted(table.relation)}"
    for block in table.engine.stream(query, BLOCK_ROWS, total=table.n_rows, where=table.name):
        digest.update("".join(block["row"]).encode())
    return digest.hexdigest()
