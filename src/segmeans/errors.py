"""One base error and a few children; each builds one clear message.

Every message answers: what went wrong, where, what was found, what is allowed and what to try.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest_name(name: str, available: Iterable[str]) -> str | None:
    """Return the available name that looks most like ``name``, if any comes near.

    Examples
    --------
    >>> nearest_name("agee", ["Age", "Income"])
    'Age'
    """
    folded = {other.casefold(): other for other in available}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.5)
    return folded[near[0]] if near else None


class SegmeansError(Exception):
    """Base of every error that segmeans raises on purpose.

    Parameters
    ----------
    what : str
        What went wrong, as one sentence without a full stop.
    where : str, default=""
        The file, column, setting or argument concerned.
    found : object, default=""
        What was there.
    allowed : str, default=""
        What may be there instead.
    hint : str, default=""
        What to try.

    Attributes
    ----------
    exit_code : int
        The exit status of the command line: 1 for a failure, 2 for wrong use.

    Examples
    --------
    >>> print(SegmeansError("The file is empty", where="a.csv", hint="check the export"))
    The file is empty (a.csv). Try: check the export.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        found: object = "",
        allowed: str = "",
        hint: str = "",
    ) -> None:
        self.what, self.where, self.found = what, where, found
        self.allowed, self.hint = allowed, hint
        super().__init__(self._message())

    def _message(self) -> str:
        parts = [f"{self.what} ({self.where})" if self.where else self.what]
        if str(self.found) != "":
            parts.append(f"Found: {self.found}")
        if self.allowed:
            parts.append(f"Allowed: {self.allowed}")
        if self.hint:
            parts.append(f"Try: {self.hint}")
        return " ".join(part if part.endswith((".", "?", "!")) else part + "." for part in parts)


class SettingError(SegmeansError, ValueError):
    """A setting or argument has a value that is not allowed."""

    exit_code = 2


class SourceError(SegmeansError, ValueError):
    """A source cannot be found, opened or read as a table."""


class DataError(SegmeansError, ValueError):
    """The data cannot bear what was asked: too few rows, no usable column, NaN in an array."""


class OutputError(SegmeansError, OSError):
    """An output cannot be written, or would overwrite something."""


class DependencyError(SegmeansError, ImportError):
    """An optional library is missing.

    Examples
    --------
    >>> print(DependencyError.for_extra("psycopg", "postgres"))
    The optional library psycopg is not installed. Try: pip install 'segmeans[postgres]'.
    """

    @classmethod
    def for_extra(cls, library: str, extra: str) -> DependencyError:
        """Name the extra that brings the missing library."""
        return cls(
            f"The optional library {library} is not installed",
            hint=f"pip install 'segmeans[{extra}]'",
        )


class ColumnNotFoundError(SegmeansError, KeyError):
    """A column was named that the table does not have."""

    exit_code = 2

    def __str__(self) -> str:  # KeyError would show the repr of the message
        return str(self.args[0])

    @classmethod
    def from_names(
        cls, missing: str, available: Iterable[str], *, where: str = ""
    ) -> ColumnNotFoundError:
        """Say which column is missing and which existing name comes nearest.

        Parameters
        ----------
        missing : str
            The name that was asked for.
        available : iterable of str
            The names the table has.
        where : str, default=""
            The setting or file in which the name stood.

        Examples
        --------
        >>> print(ColumnNotFoundError.from_names("Agee", ["Age", "Income"]))
        There is no column 'Agee'. Allowed: Age, Income. Try: 'Age'.
        """
        names = list(available)
        near = nearest_name(missing, names)
        shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        return cls(
            f"There is no column {missing!r}",
            where=where,
            allowed=shown,
            hint=repr(near) if near else "",
        )
