"""CIFAR-10 from the files of its Python version."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hyperpipe.cnn import SIDE
from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import SPLITS, ImageSet, cut
from hyperpipe.images.settings import Cifar10
from hyperpipe.randomness import stream

MEAN, STD = (0.5,) * 3, (0.5,) * 3  # protocol §1.4


def make_cifar10(settings: Cifar10, name: str, seed: int) -> ImageSet:
    """Training and validation images are cut from the 50,000 by the stream (seed, "images/<name>/order"); the test
    images are the first ones of the test batch. All are brought from 32×32 to 28×28 (Pillow, bilinear).

    Raises HyperpipeError where the files are not there or not the published ones, or too few images are there.
    """
    from torchvision.datasets import CIFAR10

    where, folder = f"images.{name}", Path(settings.folder).expanduser()
    try:
        parts = [CIFAR10(folder, train=train) for train in (True, False)]
    except (RuntimeError, OSError):
        said = f"{where}.folder: {folder}/{CIFAR10.base_folder} is not there or damaged"
        raise HyperpipeError(f"{said}; unpack {CIFAR10.filename} in {folder}") from None
    counts = {split: getattr(settings, split) for split in SPLITS}
    labels = [np.array(part.targets) for part in parts]
    order = stream(seed, f"images/{name}/order").permutation(len(labels[0]))
    learnt = {split: counts[split] for split in ("train", "validation")}
    splits = cut(_resized(parts[0].data), labels[0], learnt, order, where)
    splits |= cut(_resized(parts[1].data), labels[1], {"test": counts["test"]}, np.arange(len(labels[1])), where)
    return ImageSet(name, tuple(parts[0].classes), MEAN, STD, splits)


def _resized(images: np.ndarray) -> np.ndarray:
    """uint8 [N, 32, 32, 3] → [N, 3, 28, 28]."""
    from PIL import Image

    small = np.empty((len(images), SIDE, SIDE, 3), np.uint8)
    for out, pixels in zip(small, images, strict=True):
        out[:] = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(small.transpose(0, 3, 1, 2))
