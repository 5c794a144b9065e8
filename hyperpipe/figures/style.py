"""How figures look, and how they are written: the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from hyperpipe.store import writing

# Okabe and Ito's colours, told apart by colour-blind readers; in print by lightness and by line style.
BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7F7F7F"
SKY, YELLOW, LIGHT = "#56B4E9", "#E69F00", "#CFCFCF"
PURPLE, LILAC = "#5E3C99", "#B2ABD2"  # not theirs; the first is as dark as their blue and redder
_STYLE = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "font.size": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "svg.hashsalt": "hyperpipe",  # else ids are drawn anew each time
}
_NO_DATES = {".png": {"Software": None}, ".svg": {"Date": None, "Creator": None}}


@contextmanager
def figure(width: float, height: float, *paths: str | Path) -> Iterator[Figure]:
    """A figure, in inches, to draw in; then it is written to each path, ``.png`` or ``.svg``, whole or not at all."""
    with matplotlib.rc_context(matplotlib.rcParamsDefault | _STYLE):
        drawn = Figure(figsize=(width, height), layout="constrained")
        yield drawn
        for path in map(Path, paths):
            with writing(path) as part:
                drawn.savefig(part, format=path.suffix[1:], dpi=150, metadata=_NO_DATES[path.suffix])
