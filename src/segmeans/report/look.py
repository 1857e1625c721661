"""How one segment looks everywhere: its colour and its shape; loads nothing.

Twenty segments can be told apart without colour: the first ten have ten shapes, filled; the next
ten the same shapes, hollow (bars: hatched). The ten colours are those of Okabe and Ito ("Color
universal design", 2008) and Tol ("Colour schemes", SRON 2021) that stand out from white paper.
"""

from __future__ import annotations

from dataclasses import dataclass

INK = "#1f2933"

PALETTE = (
    "#0072b2",  # blue
    "#d55e00",  # vermilion
    "#009e73",  # green
    "#aa4499",  # purple
    "#e69f00",  # orange
    "#56b4e9",  # sky
    "#882255",  # wine
    "#7a7a2e",  # olive
    "#332288",  # indigo
    "#6b7680",  # slate
)
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")


@dataclass(frozen=True, slots=True)
class Look:
    """How one segment is drawn."""

    colour: str
    shape: str
    hollow: bool

    @property
    def hatch(self) -> str:
        """The hatch of its bars and bands."""
        return "////" if self.hollow else ""

    @property
    def on_it(self) -> str:
        """The colour of text that stands on the segment's colour."""
        red, green, blue = (int(self.colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else INK


def look(segment: int) -> Look:
    """Return how a segment is drawn.

    Parameters
    ----------
    segment : int
        Its number, from 1. From the twenty-first on, looks repeat; numbers are always shown.

    Examples
    --------
    >>> look(1).colour == look(11).colour, look(1) == look(11), look(1) == look(21)
    (True, False, True)
    """
    place = (segment - 1) % (2 * len(PALETTE))
    turn, colour = divmod(place, len(PALETTE))
    return Look(PALETTE[colour], SHAPES[colour], hollow=turn == 1)
