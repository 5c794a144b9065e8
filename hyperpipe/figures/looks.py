"""How a population is drawn, the same in every figure: by colour, and by line or marker for print and for the blind to
colours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import Any

from hyperpipe.figures.style import BLUE, GREEN, GREY, ORANGE, PINK, PURPLE, SKY, YELLOW
from hyperpipe.sampling.settings import OF_WEIGHTS, POPULATIONS, RECONSTRUCTION


@dataclass(frozen=True)
class Look:
    """In matplotlib's words. fill: of the marker, ``full`` or ``none``."""

    label: str
    color: str
    line: Any
    marker: str
    fill: str = "full"


_DASHES, _DOTS, _BOTH = (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1.5, 1, 1.5))
_SAMPLERS = {
    "independent": (BLUE, "-", "o"),
    "released": (ORANGE, _DASHES, "s", "none"),
    "joint": (GREEN, _BOTH, "^", "none"),
    RECONSTRUCTION: (SKY, _DOTS, "v"),
}
_OWN = [(YELLOW, "-", "D"), (YELLOW, _DASHES, "<", "none"), (YELLOW, _DOTS, ">")]  # the user's, in their order
# Of the dial of aligned weights: α by α.
_ALIGNED = [("-", "o"), (_DASHES, "s", "none"), (_DOTS, "^"), (_BOTH, "v", "none")]
_OTHERS = {
    ("B_T", "zoo"): Look("B_T: the zoo's unseen networks", "black", "-", "*"),
    ("B_F", "zoo"): Look("B_F: the source's networks", "black", _DOTS, "P"),
    ("controls", "anchors"): Look("controls: anchors", GREY, "-", "p"),
    ("controls", "anchors_shrunk"): Look("controls: anchors_shrunk", GREY, _DASHES, "h", "none"),
    ("scratch", "kaiming_uniform"): Look("scratch: kaiming_uniform", PINK, "-", "X"),
    ("scratch", "pytorch_default"): Look("scratch: pytorch_default", PINK, _DASHES, "d"),
}


def looks(made: list[tuple[str, str]]) -> dict[tuple[str, str], Look]:
    """Of populations with their samplers, in this order; controls that no figure names one by one have none.

    Of more than three samplers of the user's own the looks recur, and of more than four values of α.
    """
    samplers = dict.fromkeys(sampler for population, sampler in made if population in POPULATIONS)
    known = _SAMPLERS | dict(zip([name for name in samplers if name not in _SAMPLERS], cycle(_OWN), strict=False))
    found = {pair: Look(": ".join(pair), *known[pair[1]]) for pair in made if pair[0] in POPULATIONS}
    aligned = [pair for pair in made if pair[0] == OF_WEIGHTS and pair[1].startswith("aligned ")]
    looks_of_them = zip(aligned, cycle(_ALIGNED), strict=False)
    found |= {pair: Look(": ".join(pair), PURPLE, *look) for pair, look in looks_of_them}
    return {pair: (found | _OTHERS)[pair] for pair in made if pair in found or pair in _OTHERS}
