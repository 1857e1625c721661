"""What a study gives: the record that ``study.json`` holds, and the rows it speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from segmeans import preparation, shown
from segmeans.commerce import Commerce
from segmeans.model import Assigned, Model, record_json
from segmeans.prepared import CustomerSample
from segmeans.records import (
    ColumnRole,
    Finding,
    PreparationState,
    SourceInfo,
    StudyRecord,
)
from segmeans.segments import naming
from segmeans.settings import Settings
from segmeans.tables import sql
from segmeans.tables.source import Opened

if TYPE_CHECKING:
    from segmeans.report.plots import Plots
    from segmeans.report.tables import TextTable


class Progress(Protocol):
    """What is told of long work: the step, how much of it is done, and how much there is."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` pieces of a step are finished."""


def silent(step: str, done: int, total: int) -> None:
    """Tell nobody."""
    del step, done, total


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What a source holds and what each column is taken for."""

    source: SourceInfo
    roles: tuple[ColumnRole, ...]
    findings: tuple[Finding, ...]
    preparation: PreparationState | None  # None when no column can be a feature
    orders: tuple[tuple[str, str, str], ...] = ()  # of an order log: meaning, column, reason

    def to_json(self) -> str:
        """Return the inspection as JSON text."""
        return record_json(self)


@dataclass(frozen=True)
class Study:
    """A finished study: the record that ``study.json`` holds, and the rows it speaks of.

    The source stays open until the study is closed, so that the segment of every customer can be
    written beside its id; a study is a context manager.

    Parameters
    ----------
    record : StudyRecord
    model : Model
        Says which segment anyone belongs to.
    assigned : Assigned
        One entry per row of the source, in its order.
    status : ndarray of shape (n,)
        0 for a scored row, else the reason, as :data:`segmeans.preparation.STATUS` names it.
    sample : CustomerSample
        For the figures.
    opened : Opened
        The source; of an order log, the customers that were made from it.
    commerce : Commerce or None
        What an order log says beyond its customers.
    membership : ndarray of shape (n, k) or None
        How often new samples put each row into each segment, NaN where it is not scored; only
        when the setting ``membership`` asks for it.
    """

    record: StudyRecord
    model: Model
    assigned: Assigned
    status: NDArray[np.int8]
    sample: CustomerSample
    opened: Opened
    commerce: Commerce | None = None
    membership: NDArray[np.float32] | None = None

    @property
    def k(self) -> int:
        """The number of segments."""
        return self.record.k

    @property
    def labels(self) -> NDArray[np.int32]:
        """Segment number of every row of the source, from 1; 0 where it is not scored."""
        return self.assigned.labels + 1

    @property
    def plot(self) -> Plots:
        """The figures: ``study.plot.elbow()`` draws one and returns its axes."""
        from segmeans.report.plots import Plots  # matplotlib takes a second to load

        return Plots(self)

    @property
    def k_table(self) -> TextTable:
        """The evidence for every number of segments, as a table to print or to show.

        The numbers themselves are in ``study.record.k_table``.
        """
        from segmeans.report.tables import k_table

        return k_table(self.record)

    @property
    def profile(self) -> TextTable:
        """Every segment against everyone in plain units, as a table to print or to show.

        Marks stand where a segment lies at least half a standard deviation above or below. The
        numbers themselves, with medians and quartiles, are in ``study.record.profile``.
        """
        from segmeans.report.profile_table import profile_table

        return profile_table(self.record)

    def renamed(self, names: Mapping[str, str]) -> Study:
        """Return the same study with other names for some of its segments.

        Parameters
        ----------
        names : mapping of str to str
            Number (as text), id or present name of a segment to its new name.

        Returns
        -------
        Study
            Of the same source: close one of the two.

        Raises
        ------
        SettingError
            When a segment is not known, a name is none, or two segments would have one.
        """
        asked = Settings.ask({"names": dict(names)}, where="renamed()").names
        told = naming.renamed(self.record.segments, asked, where="renamed()")
        trained = self.model.record
        segments = zip(self.record.segments, trained.segments, told, strict=True)
        both = [(replace(one, name=n), replace(other, name=n)) for one, other, n in segments]
        return replace(
            self,
            record=replace(self.record, segments=tuple(one for one, _ in both)),
            model=Model(replace(trained, segments=tuple(other for _, other in both))),
        )

    def to_json(self) -> str:
        """Return the text of ``study.json``."""
        return record_json(self.record)

    def customers(self) -> dict[str, NDArray[Any]]:
        """Return the segment of every customer as columns, for example for a DataFrame.

        Returns
        -------
        dict of str to ndarray of shape (n,)
            The id (or the number of the row), ``segment`` and ``name``, ``certainty`` from 0 on a
            border to 1 in a centre, ``runner_up`` and ``runner_up_name``, why a row is
            ``unscored``, and, if asked for, ``membership_1`` and so on, the share of new samples
            that put the customer into each segment; None or NaN where there is nothing to say.
            In the order of the source.
        """
        blocks = list(self.customer_blocks())
        return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}

    def customer_blocks(self) -> Iterator[dict[str, NDArray[Any]]]:
        """Yield the same as :meth:`customers` block by block, in bounded memory."""
        names = np.array([one.name for one in self.record.segments], dtype=object)
        legend = preparation.legend(self.record.preparation)
        reasons = np.array([legend[mark] for mark in sorted(legend)], dtype=object)
        reasons[preparation.USED] = None
        id_column = self.model.record.id_column
        first = 0
        for ids in self._ids(id_column):
            part = slice(first, first + len(ids))
            first += len(ids)
            labels, second = self.assigned.labels[part], self.assigned.runners_up[part]
            yield {
                id_column or "row": ids,
                "segment": _numbered(labels),
                "name": _named(labels, names),
                "certainty": np.round(self.assigned.certainty[part].astype(np.float64), 4),
                "runner_up": _numbered(second),
                "runner_up_name": _named(second, names),
                "unscored": reasons[self.status[part]],
                **self._membership(part),
            }

    def _membership(self, part: slice) -> dict[str, NDArray[Any]]:
        if self.membership is None:
            return {}
        shares = np.round(self.membership[part].astype(np.float64), 4)
        return {f"membership_{number}": each for number, each in enumerate(shares.T, start=1)}

    def typical(self, most: int = 3) -> dict[str, NDArray[Any]]:
        """Return the most typical customers of each segment: those nearest to its centre.

        Parameters
        ----------
        most : int, default=3
            Customers per segment.

        Returns
        -------
        dict of str to ndarray of shape (m,)
            ``segment`` and ``name``, then the features and the columns that describe, as they
            stand in the source: neither ids nor personal data nor free text. Segment after
            segment, the most typical customer first, the first row of the source where two are
            as near.
        """
        rows = np.concatenate([self._nearest(one.number - 1, most) for one in self.record.segments])
        numbers = self.assigned.labels[rows] + 1
        names = np.array([one.name for one in self.record.segments], dtype=object)
        found: dict[str, NDArray[Any]] = {"segment": numbers, "name": names[numbers - 1]}
        asked = {}
        for role in self.record.roles:
            told = role.role in ("number", "category", "date")
            if told and role.use in ("feature", "describe"):
                column = sql.column(role.name)
                number = role.role == "number"
                asked[role.name] = sql.try_double(column) if number else sql.as_text(column)
        for name, values in self.opened.table.at(asked, rows.tolist()).items():
            found[name if name not in found else f"{name} (source)"] = values
        return found

    def _nearest(self, label: int, most: int) -> NDArray[np.intp]:
        """Return the rows of a segment nearest to its centre, the nearest first."""
        own = np.flatnonzero(self.assigned.labels == label)
        distance = self.assigned.distance[own]
        if len(own) > most:
            near = distance <= np.partition(distance, most - 1)[most - 1]
            own, distance = own[near], distance[near]
        return own[np.argsort(distance, kind="stable")[:most]]

    def _ids(self, column: str | None) -> Iterator[NDArray[Any]]:
        table = self.opened.table
        if column is None:
            yield np.arange(1, table.n_rows + 1)
            return
        for block in table.blocks({"id": sql.as_text(sql.column(column))}):
            yield block["id"]

    def close(self) -> None:
        """Close the source."""
        self.opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __str__(self) -> str:
        return shown.as_text(self.record)

    def __repr__(self) -> str:
        return f"<Study: {shown.headline(self.record)}>"

    def _repr_html_(self) -> str:
        return shown.as_html(self.record)


def _numbered(labels: NDArray[np.int32]) -> NDArray[Any]:
    """Return segment numbers from 1, None for nobody."""
    numbers = (labels + 1).astype(object)
    numbers[labels < 0] = None
    return numbers


def _named(labels: NDArray[np.int32], names: NDArray[Any]) -> NDArray[Any]:
    found = names[labels]
    found[labels < 0] = None
    return found
