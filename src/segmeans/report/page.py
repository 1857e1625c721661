"""The report: one standalone page, and the same as Markdown.

The page holds its style and its pictures, no script and no address; a policy in its head forbids
the browser to load anything. Everything from the data is escaped by the templates.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from segmeans.report.page_data import ReportData
from segmeans.report.page_evidence import evidence, source_name
from segmeans.report.page_moves import moves
from segmeans.report.page_parts import actions, cards, headline, heat
from segmeans.report.page_targeting import targeting
from segmeans.report.page_typing import typing_tools

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

    from segmeans.commerce import OrdersRecord
    from segmeans.records import StudyRecord, TrackRecord
    from segmeans.segments.actions import ActionsRecord

STYLES = (
    "base",
    "cards",
    "heat",
    "actions",
    "moves",
    "targeting",
    "typing",
    "orders",
    "evidence",
    "print",
)

STRUCTURES = {
    "natural": "Natural segments: separated from one another, and found again in new samples.",
    "reproducible": "Reproducible segments: found again in new samples, though no gaps separate "
    "them.",
    "constructive": "Constructive segments: useful cuts of a continuum; other cuts would serve as "
    "well.",
    "none": "No more structure than in data without segments.",
}


def report_data(
    record: StudyRecord,
    advice: ActionsRecord,
    found: OrdersRecord | None = None,
    tracked: TrackRecord | None = None,
) -> ReportData:
    """Return everything a report says.

    Parameters
    ----------
    record : StudyRecord
    advice : ActionsRecord
    found : OrdersRecord, optional
        Of an order log.
    tracked : TrackRecord, optional
        Who moved since an earlier period.

    Returns
    -------
    ReportData
    """
    value = found.value if found is not None else ()
    customers, k = record.funnel.assigned, record.k
    title = f"{k} segments of {customers:,} customers"
    if k == 1:
        title = f"No segments among {customers:,} customers"
    elif record.verdict.structure == "none":
        title = f"No real segments among {customers:,} customers; {k} shown, as asked"
    orders = None
    if found is not None:
        from segmeans.report.page_orders import orders as orders_of

        orders = orders_of(record, found)
    return ReportData(
        title=title,
        source=source_name(record),
        headline=headline(record, value),
        structure=STRUCTURES[record.verdict.structure],
        sure=record.verdict.sure,
        unscored=tuple(
            f"{rows:,} rows are in no segment: {why}"
            for why, rows in record.funnel.unscored.items()
        ),
        cards=cards(record, value),
        heat=heat(record),
        actions=actions(record, advice),
        silent=advice.silent,
        typing=typing_tools(record),
        targeting=targeting(record),
        orders=orders,
        evidence=evidence(record),
        moves=None if tracked is None else moves(tracked),
    )


def html(data: ReportData) -> str:
    """Return a report as one page that needs nothing else.

    Parameters
    ----------
    data : ReportData

    Returns
    -------
    str
    """
    return _environment().get_template("page.html.j2").render(report=data, styles=STYLES)


def moves_html(record: TrackRecord) -> str:
    """Return who moved from where to where as one page that needs nothing else.

    Parameters
    ----------
    record : TrackRecord

    Returns
    -------
    str
    """
    template = _environment().get_template("moves-page.html.j2")
    return template.render(report={"moves": moves(record)}, styles=("base", "moves", "print"))


def markdown(data: ReportData) -> str:
    """Return a report as Markdown.

    Parameters
    ----------
    data : ReportData

    Returns
    -------
    str
    """
    text = _environment().get_template("report.md.j2").render(report=data)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("segmeans.report", "templates"),
        autoescape=jinja2.select_autoescape(
            ("html.j2",), disabled_extensions=("md.j2", "css"), default=True
        ),
        undefined=jinja2.StrictUndefined,
        finalize=_unbroken,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["md"] = in_markdown
    made.filters["flow"] = isolated
    return made


def _unbroken(value: object) -> object:
    """Keep a number and its per cent sign on one line."""
    return value.replace(" %", "\u00a0%") if isinstance(value, str) else value


_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_OUTSIDE = "\\s<>&\"'\u2018-\u201f\u00ab\u00bb,;:."
_RUN = re.compile(f"[{_RIGHT_TO_LEFT}](?:[^{_OUTSIDE}]|\\s(?=[{_RIGHT_TO_LEFT}]))*")


def isolated(text: str) -> Markup:
    r"""Return a sentence of ours in which names written from right to left stay in their place.

    Without the element around it such a name would draw the numbers beside it to its other side,
    and turn the whole sentence where it comes first.

    Parameters
    ----------
    text : str

    Returns
    -------
    Markup
        Escaped.

    Examples
    --------
    >>> print(isolated("<b>: 3"))
    &lt;b&gt;: 3
    >>> "<bdi>" in isolated("\u05e9\u05dc\u05d5\u05dd: 0.2 %")
    True
    """
    from markupsafe import Markup, escape

    parts, end = [], 0
    for run in _RUN.finditer(text):
        parts += [escape(_unbroken(text[end : run.start()])), Markup("<bdi>"), escape(run[0])]
        parts.append(Markup("</bdi>"))
        end = run.end()
    parts.append(escape(_unbroken(text[end:])))
    return Markup("").join(parts)


def in_markdown(text: object) -> str:
    r"""Return text that Markdown and HTML within it show as it stands.

    Parameters
    ----------
    text : object

    Examples
    --------
    >>> in_markdown("<b>|*x*")
    '&lt;b&gt;\\|\\*x\\*'
    """
    escaped = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#~$!])", r"\\\1", escaped)
