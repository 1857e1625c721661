"""One look for all figures: colours, type, and a sheet with a title and a caption."""

from __future__ import annotations

import functools
import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from segmeans.report.look import INK as INK
from segmeans.report.look import PALETTE as PALETTE
from segmeans.report.look import SHAPES as SHAPES
from segmeans.report.look import Look as Look
from segmeans.report.look import look as look
from segmeans.segments.words import plain_text

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

MUTED = "#56626d"
FAINT = "#a3adb6"
GRID = "#e4e8ec"
ACCENT = "#0072b2"
LOW, HIGH = "#b35806", "#2166ac"  # below and above everyone: orange and blue, for all eyes

DPI = 150
WIDTH = 8.0  # inches: 1,200 pixels
MARGIN = 0.35
TITLE, LABEL, SMALL = 13.0, 9.5, 8.5

# Scripts that DejaVu lacks, where the machine has a font for them; first come, first served.
FALLBACKS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Microsoft YaHei",
    "Malgun Gothic",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "WenQuanYi Zen Hei",
    "IPAGothic",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Nirmala UI",
    "Noto Sans Thai",
    "Leelawadee UI",
    "Noto Sans Ethiopic",
)
NO_GLYPH = "\u25af"
_K = re.compile(r"\bk = (?=\d)")
_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"  # written from right to left
_RUN_ENDS = re.compile(f"([{_RIGHT}])(?=\\s*(?:[^\\s{_RIGHT}]|$))")
_FROM_LEFT = "\u200e"
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
_FLAG_A = 0x1F1E6

RULES: dict[str, Any] = {
    "axes.edgecolor": FAINT,
    "axes.facecolor": "white",
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": LABEL,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.dpi": DPI,
    "figure.facecolor": "white",
    "font.size": LABEL,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "hatch.linewidth": 0.7,
    "lines.linewidth": 1.8,
    "path.simplify": True,
    "savefig.dpi": DPI,
    "svg.fonttype": "path",
    "svg.hashsalt": "segmeans",
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a column name is a dollar sign
    "text.usetex": False,
    "xtick.color": MUTED,
    "xtick.labelsize": SMALL,
    "ytick.color": MUTED,
    "ytick.labelsize": SMALL,
}


_RULED = ContextVar("ruled", default=False)


@contextmanager
def rules() -> Iterator[None]:
    """Make and save figures by the rules of this file alone, whatever the user has set.

    Within itself it changes nothing more: setting three hundred rules takes a while.
    """
    if _RULED.get():
        yield
        return
    with mpl.rc_context():
        mpl.rcdefaults()
        own: Any = RULES | {"font.family": list(_families())}
        mpl.rcParams.update(own)
        token = _RULED.set(True)
        try:
            yield
        finally:
            _RULED.reset(token)


@functools.cache
def _families() -> tuple[str, ...]:
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in FALLBACKS if name in installed))


@functools.cache
def _fonts() -> tuple[FT2Font, ...]:
    return tuple(font_manager.get_font(font_manager.findfont(family)) for family in _families())


def ink_on(colour: Any) -> str:
    """Return the colour of text that stands out more from a ground: white, or our ink.

    Contrast as in the Web Content Accessibility Guidelines 2.2.

    Examples
    --------
    >>> ink_on("#0b559f"), ink_on("#6ba3cf")
    ('white', '#1f2933')
    """

    def light(of: Any) -> float:
        parts = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(of))
        return sum(c * w for c, w in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))

    ground = light(colour) + 0.05
    return "white" if 1.05 / ground >= ground / (light(INK) + 0.05) else INK


def drawable(text: object) -> str:
    r"""Return text on one line in which every character has a glyph.

    A picture character without one is written as its name, any other becomes a box.

    Examples
    --------
    >>> drawable("net\nincome ($)")
    'net income ($)'
    >>> drawable("\N{PARTY POPPER} members")
    '[party popper] members'
    """
    return "".join(map(_glyph, plain_text(text)))


@functools.lru_cache(maxsize=10_000)
def _glyph(character: str) -> str:
    code = ord(character)
    if any(font.get_char_index(code) for font in _fonts()):
        return character if character not in _JOINERS else ""
    if character in _JOINERS or unicodedata.category(character) in ("Mn", "Me", "Sk"):
        return ""  # it changes how another one looks, no more
    if _FLAG_A <= code < _FLAG_A + 26:  # two of them are a flag
        return chr(code - _FLAG_A + ord("A"))
    name = unicodedata.name(character, "")
    if name and unicodedata.category(character) in ("So", "Sm", "Sc"):
        return f"[{name.casefold()}]"
    return NO_GLYPH


@functools.lru_cache(maxsize=10_000)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in inches."""
    font = font_manager.FontProperties(
        family=list(_families()), size=size, weight="bold" if bold else "normal"
    )
    width, _, _ = _renderer().get_text_width_height_descent(text, font, ismath=False)
    return float(width) / DPI


@functools.cache
def _renderer() -> Any:
    canvas: Any = FigureCanvasAgg(Figure(figsize=(1, 1), dpi=DPI))
    return canvas.get_renderer()


def wrap(text: object, width: float, size: float, *, lines: int, bold: bool = False) -> str:
    """Break text into lines that fit; what does not fit the last line ends with an ellipsis.

    Parameters
    ----------
    text : object
        Made drawable first.
    width : float
        Inches.
    size : float
        Points.
    lines : int
        Most lines.
    bold : bool, default=False

    Returns
    -------
    str
        Lines joined by newlines.
    """
    whole = _K.sub("k\u00a0=\u00a0", drawable(text).replace(" %", "\u00a0%"))
    words = whole.split(" ")
    done: list[str] = []
    line = ""
    while words:
        word = words.pop(0)
        longer = f"{line} {word}".strip()
        if _fits(longer, width, size, bold=bold):
            line = longer
            continue
        if not line:  # a word wider than the line is cut
            fits = _fitting(word, width, size, bold=bold)
            line, rest = word[:fits], word[fits:]
            words.insert(0, rest)
        else:
            words.insert(0, word)
        if len(done) == lines - 1:
            done.append(_cut(line, width, size, bold=bold))
            return _from_left(done)
        done.append(line)
        line = ""
    return _from_left([*done, line] if line else done)


def _from_left(lines: list[str]) -> str:
    """Join lines of ours, each read from the left, with names from right to left in their place."""
    ended = "\\g<1>" + _FROM_LEFT
    return "\n".join(
        _FROM_LEFT + _RUN_ENDS.sub(ended, line) if _RUN_ENDS.search(line) else line
        for line in lines
    )


def _fits(line: str, width: float, size: float, *, bold: bool) -> bool:
    """Return whether a line fits; its words are measured, the line only when that leaves doubt."""
    words = line.split(" ")
    about = sum(text_width(word, size, bold=bold) for word in words)
    about += (len(words) - 1) * text_width(" ", size, bold=bold)
    if len(words) > 1 and abs(about - width) > 0.03 * width:
        return about < width
    return text_width(line, size, bold=bold) <= width


def wrap_name(name: str, width: float, size: float, *, lines: int, bold: bool = False) -> str:
    """Break the name of a segment, between two of its traits where that is possible.

    Parameters as for :func:`wrap`.
    """
    done: list[str] = []
    for trait in drawable(name).replace(", ", ",\n").split("\n"):
        longer = f"{done[-1]} {trait}" if done else trait
        if done and text_width(longer, size, bold=bold) <= width:
            done[-1] = longer
        else:
            done.append(trait)
    if len(done) <= lines and all(text_width(line, size, bold=bold) <= width for line in done):
        return _from_left(done)
    return wrap(name, width, size, lines=lines, bold=bold)


def _fitting(word: str, width: float, size: float, *, bold: bool) -> int:
    """Return how many characters of a word fit; rather up to a joint than in mid-word."""
    fits = 1
    while fits < len(word) and text_width(word[: fits + 1], size, bold=bold) <= width:
        fits += 1
    joint = max(word.rfind(mark, 0, fits) for mark in "_-/.") + 1
    return joint if joint > fits / 3 else fits


def _cut(line: str, width: float, size: float, *, bold: bool) -> str:
    while line and text_width(f"{line}…", size, bold=bold) > width:
        line = line[:-1]
    return f"{line.rstrip(' ,;')}…"


class Drawing(Figure):
    """A figure that shows itself in a notebook, without pyplot."""

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        with rules():
            self.savefig(out, format="png", metadata={"Software": None})
        return out.getvalue()


class Panel(Axes):
    """Axes that show their whole figure in a notebook, without pyplot."""

    def _repr_png_(self) -> bytes:
        drawing: Any = self.figure
        shown: bytes = drawing._repr_png_()
        return shown


@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure with a title above and a caption below a content area of known inches."""

    figure: Figure
    width: float
    height: float
    bottom: float

    def axes(
        self, left: float, bottom: float, width: float, height: float, *, aside: bool = False
    ) -> Axes:
        """Return axes at a place in the content area, in inches from its lower left corner.

        Those ``aside``, for a key or a scale, are no :class:`Panel`.
        """
        page_width, page_height = self.figure.get_size_inches()
        return self.figure.add_axes(
            (
                (MARGIN + left) / page_width,
                (self.bottom + bottom) / page_height,
                width / page_width,
                height / page_height,
            ),
            axes_class=Axes if aside else Panel,
        )

    def text(self, left: float, bottom: float, text: str, **options: Any) -> None:
        """Write at a place in the content area, in inches from its lower left corner."""
        page_width, page_height = self.figure.get_size_inches()
        x, y = (MARGIN + left) / page_width, (self.bottom + bottom) / page_height
        self.figure.text(x, y, text, **options)


def sheet(title: str, caption: str, *, height: float, width: float = WIDTH) -> Sheet:
    """Return an empty sheet.

    Parameters
    ----------
    title, caption : str
        What to see, and what it is made of.
    height : float
        Of the content area, in inches.
    width : float, default=8.0
        Of the whole sheet, in inches.
    """
    inner = width - 2 * MARGIN
    head = wrap(title, inner, TITLE, lines=3, bold=True)
    foot = wrap(caption, inner, SMALL, lines=6)
    head_height = 0.25 * (head.count("\n") + 1) + 0.1
    foot_height = 0.175 * (foot.count("\n") + 1) + 0.08
    page = MARGIN + head_height + height + foot_height + 0.3
    figure = Drawing(figsize=(width, page), dpi=DPI)
    FigureCanvasAgg(figure)
    x = MARGIN / width
    figure.text(x, 1 - MARGIN / page, head, size=TITLE, weight="bold", va="top", linespacing=1.25)
    figure.text(x, 0.3 / page, foot, size=SMALL, color=MUTED, va="bottom", linespacing=1.35)
    return Sheet(figure, inner, height, 0.3 + foot_height)


def disc(axes: Axes, x: float, y: float, segment: int, *, size: float = 17.0, **how: Any) -> None:
    """Draw the number of a segment on a disc of its colour."""
    drawn = look(segment)
    face, ink = ("white", drawn.colour) if drawn.hollow else (drawn.colour, drawn.on_it)
    axes.plot(
        [x], [y], "o", ms=size, mfc=face, mec=drawn.colour if drawn.hollow else "white",
        mew=1.4, clip_on=False, zorder=6, **how,
    )  # fmt: skip
    axes.text(
        x, y, str(segment), color=ink, weight="bold", size=size * (0.5 if segment < 10 else 0.44),
        ha="center", va="center_baseline", zorder=7, **how,
    )  # fmt: skip
