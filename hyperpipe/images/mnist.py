"""MNIST from its four idx files, plain or .gz."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import SPLITS, ImageSet, cut
from hyperpipe.images.settings import Mnist
from hyperpipe.randomness import stream

MEAN, STD = 0.1307, 0.3081  # protocol §1.4


def make_mnist(settings: Mnist, name: str, seed: int) -> ImageSet:
    """Training and validation images are cut from the 60,000 by the stream (seed, "images/<name>/order"); the test
    images are the first ones of the test files.

    Raises HyperpipeError where a file is missing or none of the format, or too few images are there.
    """
    where = f"images.{name}"
    folder = Path(settings.folder).expanduser()
    counts = {split: getattr(settings, split) for split in SPLITS}
    images, labels = (_idx(folder, f"train-{part}", where) for part in ("images-idx3-ubyte", "labels-idx1-ubyte"))
    order = stream(seed, f"images/{name}/order").permutation(len(labels))
    splits = cut(images[:, None], labels, {s: counts[s] for s in ("train", "validation")}, order, where)
    images, labels = (_idx(folder, f"t10k-{part}", where) for part in ("images-idx3-ubyte", "labels-idx1-ubyte"))
    splits |= cut(images[:, None], labels, {"test": counts["test"]}, np.arange(len(labels)), where)
    return ImageSet(name, tuple("0123456789"), (MEAN,), (STD,), splits)


def _idx(folder: Path, name: str, where: str) -> np.ndarray:
    """The array of an idx file: two zero bytes, type 8 (uint8), number of axes, big-endian lengths, data."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            break
    else:
        raise HyperpipeError(f"{where}.folder: there is neither {name} nor {name}.gz in {folder}")
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if data[:3] != b"\0\0\x08":
            raise ValueError("no idx file of bytes")
        axes = data[3]
        shape = np.frombuffer(data, ">u4", axes, 4)
        return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise HyperpipeError(f"{path}: cannot be read ({error}); fetch it again") from None
