"""Small image data sets in the formats of the original files."""

from __future__ import annotations

import bz2
import pickle
import struct
from pathlib import Path

import numpy as np
import scipy.io

SHAPES = {
    "mnist": (28, 28),
    "fashion_mnist": (28, 28),
    "usps": (16, 16),
    "svhn": (32, 32, 3),
    "cifar10": (32, 32, 3),
    "stl10": (96, 96, 3),
}
NAMES = [f"class {letter}" for letter in "abcdefghij"]


def draw(source: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images [N, H, W] or [N, H, W, 3] without any symmetry, and labels [N]."""
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (count, *SHAPES[source]), np.uint8), generator.permutation(np.arange(count) % 10)


def write(source: str, root: Path, train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> None:
    """The files that torchvision looks for below `root`."""
    {"mnist": _idx, "fashion_mnist": _idx, "usps": _usps, "svhn": _svhn, "cifar10": _cifar10, "stl10": _stl10}[source](
        root / {"mnist": "MNIST/raw", "fashion_mnist": "FashionMNIST/raw"}.get(source, ""), train, test
    )


def _idx(folder: Path, train, test) -> None:
    folder.mkdir(parents=True)
    for name, (images, labels) in (("train", train), ("t10k", test)):
        header = struct.pack(">IIII", 0x803, *images.shape)
        (folder / f"{name}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        header = struct.pack(">II", 0x801, len(labels))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(header + labels.astype(np.uint8).tobytes())


def _usps(folder: Path, train, test) -> None:
    for name, (images, labels) in (("usps", train), ("usps.t", test)):
        values = (images.reshape(len(images), -1) + 0.5) / 255 * 2 - 1
        lines = [
            f"{label + 1} " + " ".join(f"{place}:{value:.6f}" for place, value in enumerate(row, 1))
            for row, label in zip(values, labels, strict=True)
        ]
        (folder / f"{name}.bz2").write_bytes(bz2.compress("\n".join(lines).encode()))


def _svhn(folder: Path, train, test) -> None:
    for name, (images, labels) in (("train", train), ("test", test)):
        labels = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
        scipy.io.savemat(folder / f"{name}_32x32.mat", {"X": images.transpose(1, 2, 3, 0), "y": labels})


def _cifar10(folder: Path, train, test) -> None:
    folder = folder / "cifar-10-batches-py"
    folder.mkdir()
    names = [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]
    parts = [*zip(*(np.array_split(part, 5) for part in train), strict=True), test]
    for name, (images, labels) in zip(names, parts, strict=True):
        data = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
        (folder / name).write_bytes(pickle.dumps({"data": data, "labels": labels.tolist()}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": NAMES}))


def _stl10(folder: Path, train, test) -> None:
    folder = folder / "stl10_binary"
    folder.mkdir()
    for name, (images, labels) in (("train", train), ("test", test)):
        (folder / f"{name}_X.bin").write_bytes(images.transpose(0, 3, 2, 1).tobytes())
        (folder / f"{name}_y.bin").write_bytes((labels + 1).astype(np.uint8).tobytes())
    (folder / "class_names.txt").write_text("\n".join(NAMES) + "\n")
