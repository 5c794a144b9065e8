"""Shapes as outlines in whole numbers: glyphs of the fonts that matplotlib ships, and their rasterisation.

Everything here is exact integer arithmetic, or float64 with + − × ÷ only, so the same outlines give the same
bytes on every machine and with every version of FreeType, Pillow and the C library.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from hyperpipe.cnn import SIDE

#: Font files (in matplotlib's data folder) whose ten digits are upright lining figures: three families, 21
#: faces.
FACES = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique",
    "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique",
    "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta",
    "cmr10", "cmb10", "cmss10", "cmtt10", "cmti10",
)  # fmt: skip
SAMPLES = 4
"""Samples a pixel and axis."""
UNIT = 64
"""Coordinates of the rasteriser are whole numbers of 1 / UNIT sample."""
_CURVE_STEPS = 6


@cache
def glyph(face: str, text: str) -> tuple[np.ndarray, ...]:
    """The closed contours of one character, each [n, 2] float64 (x right, y up), centred, of height 1.

    Read in font units, without hinting, by matplotlib's FT2Font; each quadratic curve becomes six lines.
    """
    from pathlib import Path

    import matplotlib
    from matplotlib.ft2font import FT2Font, LoadFlags

    font = FT2Font(str(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{face}.ttf")))
    font.load_char(ord(text), flags=LoadFlags.NO_SCALE | LoadFlags.NO_HINTING)
    vertices, codes = font.get_path()
    contours = _flatten(np.asarray(vertices, np.float64), np.asarray(codes))
    low = np.min([c.min(axis=0) for c in contours], axis=0)
    high = np.max([c.max(axis=0) for c in contours], axis=0)
    return tuple((c - (low + high) / 2) / (high[1] - low[1]) for c in contours)


def _flatten(vertices: np.ndarray, codes: np.ndarray) -> list[np.ndarray]:
    """Contours as polygons; codes are matplotlib's: 1 move, 2 line, 3 quadratic curve (two vertices)."""
    contours: list[list[np.ndarray]] = []
    i = 0
    while i < len(codes):
        if codes[i] == 1:
            contours.append([vertices[i]])
        elif codes[i] == 2:
            contours[-1].append(vertices[i])
        elif codes[i] == 3:
            start, control, end = contours[-1][-1], vertices[i], vertices[i + 1]
            for k in range(1, _CURVE_STEPS + 1):
                t = k / _CURVE_STEPS
                contours[-1].append((1 - t) * (1 - t) * start + 2 * t * (1 - t) * control + t * t * end)
            i += 1
        i += 1
    return [np.array(c) for c in contours if len(c) > 2]


def coverage(contours: tuple[np.ndarray, ...] | list[np.ndarray]) -> np.ndarray:
    """How many of each pixel's SAMPLES² samples lie inside, [28, 28] int64; nonzero winding, as in TrueType.

    contours: polygons [n, 2] in pixels, x right and y down from the upper left corner; they may leave the
    image.
    """
    size = SIDE * SAMPLES
    start, end = [], []
    for contour in contours:
        fixed = np.rint(contour * (SAMPLES * UNIT)).astype(np.int64)
        start.append(fixed)
        end.append(np.concatenate([fixed[1:], fixed[:1]]))
    x0, y0 = np.concatenate(start).T
    x1, y1 = np.concatenate(end).T
    line = (np.arange(size) * UNIT + UNIT // 2)[:, None]  # y of the samples
    up, down = (y0 <= line) & (line < y1), (y1 <= line) & (line < y0)
    row, edge = np.nonzero(up | down)
    crossing = x0[edge] + (line[row, 0] - y0[edge]) * (x1[edge] - x0[edge]) // (y1[edge] - y0[edge])
    first = np.clip((crossing + UNIT // 2) // UNIT, 0, size)  # first sample right of the crossing
    turns = np.zeros((size, size + 1), np.int64)
    np.add.at(turns, (row, first), np.where(up[row, edge], 1, -1))
    inside = turns.cumsum(axis=1)[:, :size] != 0
    return inside.reshape(SIDE, SAMPLES, SIDE, SAMPLES).sum(axis=(1, 3), dtype=np.int64)
