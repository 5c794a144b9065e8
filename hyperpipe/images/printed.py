"""Printed digits: 0 to 9 in the 21 faces that matplotlib ships, at random place, size, rotation and contrast."""

from __future__ import annotations

import numpy as np

from hyperpipe.cnn import SIDE
from hyperpipe.images.image_set import SPLITS, ImageSet, ImageSplit
from hyperpipe.images.outline import FACES, SAMPLES, coverage, glyph
from hyperpipe.images.settings import Embedded
from hyperpipe.randomness import stream

MEAN, STD = 0.27, 0.20  # near the true values; fixed, so that seed and sizes change nothing that networks see


def make_printed(settings: Embedded, name: str, seed: int) -> ImageSet:
    """As many as asked for, classes in turn.

    Image i of a split comes from the stream (seed, "images/<name>/<split>", i) alone, so other sizes leave it as it
    is. The same on every machine: outlines are exact (`hyperpipe.images.outline`), the rest is + - × ÷ on float64.
    """
    splits = {}
    for split in SPLITS:
        count = getattr(settings, split)
        images = [draw(i % 10, stream(seed, f"images/{name}/{split}", i)) for i in range(count)]
        indices = np.arange(count, dtype=np.int64)
        splits[split] = ImageSplit(np.stack(images)[:, None], indices % 10, indices)
    return ImageSet(name, tuple("0123456789"), (MEAN,), (STD,), splits)


def draw(digit: int, generator: np.random.Generator) -> np.ndarray:
    """One image, uint8 [28, 28]: a bright digit before a darker, uneven ground, with noise.

    Height 14 to 22 pixels, centre up to 3 from the middle, rotation up to ±11°, shear up to ±0.2, width × 0.85 to
    1.15, brightness 60 to 200 above the ground, which may slope by 30 levels; uniform noise of ±16.
    """

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * generator.random()

    ground = uniform(10, 90)
    axis = (np.arange(SIDE) - (SIDE - 1) / 2) / SIDE
    image = ground + uniform(-30, 30) * axis[:, None] + uniform(-30, 30) * axis[None, :]
    face = FACES[generator.integers(len(FACES))]
    height, x, y = uniform(14, 22), SIDE / 2 + uniform(-3, 3), SIDE / 2 + uniform(-3, 3)
    # The turn is given by the tangent of its half: no sine, which C libraries round differently.
    half = uniform(-0.1, 0.1)
    cos, sin = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    shear, width = uniform(-0.2, 0.2), uniform(0.85, 1.15)
    contours = [
        np.stack(
            [
                x + height * (cos * width * c[:, 0] + (cos * shear - sin) * c[:, 1]),
                y - height * (sin * width * c[:, 0] + (sin * shear + cos) * c[:, 1]),
            ],
            axis=1,
        )
        for c in glyph(face, str(digit))
    ]
    share = coverage(contours) / SAMPLES**2
    image += share * (ground + uniform(60, 200) - image)
    noise = generator.integers(-16, 17, (SIDE, SIDE))
    return np.clip(np.rint(image) + noise, 0, 255).astype(np.uint8)
