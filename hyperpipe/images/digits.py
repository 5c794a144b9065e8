"""The UCI handwritten digits that scikit-learn ships, 8×8 brought to 28×28."""

from __future__ import annotations

import numpy as np

from hyperpipe.cnn import SIDE
from hyperpipe.images.image_set import SPLITS, ImageSet, ImageSplit, cut
from hyperpipe.images.settings import Embedded
from hyperpipe.randomness import stream

MEAN, STD = 0.156, 0.277  # of all 1797 images; fixed, so that the sizes of the splits change nothing that networks see
MARGIN = 4  # the digit fills 20×20, as in MNIST


def make_digits(settings: Embedded, name: str, seed: int) -> ImageSet:
    """1797 digits with values 0 … 16, shuffled by the stream (seed, "images/<name>/order") and cut into splits.

    Value v becomes round(255 v / 16); 8×8 becomes 20×20 (Pillow, bilinear) within a black margin.
    Raises HyperpipeError where more images are asked for than there are.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    small = np.rint(values.reshape(-1, 8, 8) * 255 / 16).astype(np.uint8)
    images = np.zeros((len(labels), 1, SIDE, SIDE), np.uint8)
    inner, side = slice(MARGIN, SIDE - MARGIN), (SIDE - 2 * MARGIN,) * 2
    for image, pixels in zip(images, small, strict=True):
        image[0, inner, inner] = np.asarray(Image.fromarray(pixels).resize(side, Image.Resampling.BILINEAR))
    order = stream(seed, f"images/{name}/order").permutation(len(labels))
    places = cut(order, {split: getattr(settings, split) for split in SPLITS}, f"images.{name}")
    splits = {split: ImageSplit(images[i], labels[i].astype(np.int64), i) for split, i in places.items()}
    return ImageSet(name, tuple("0123456789"), (MEAN,), (STD,), splits)
