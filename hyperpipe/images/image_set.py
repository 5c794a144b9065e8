"""What every data set becomes: uint8 images, labels and fixed splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hyperpipe.errors import HyperpipeError
from hyperpipe.store import read_store, write_store

if TYPE_CHECKING:
    import PIL.Image

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class ImageSplit:
    """images: uint8 [N, C, 28, 28]. labels: int64 [N]. indices: int64 [N], places in the data set as it came."""

    images: np.ndarray
    labels: np.ndarray
    indices: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class ImageSet:
    """A data set of K classes; networks see (pixel / 255 - mean) / std, mean and std one number a channel."""

    name: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    splits: dict[str, ImageSplit]

    @property
    def channels(self) -> int:
        return len(self.mean)

    def normalised(self, split: str, indices: np.ndarray | slice = slice(None)) -> np.ndarray:
        """float32 [n, C, 28, 28], the images of `split` at these places as networks see them."""
        mean, std = (np.array(v, np.float32).reshape(-1, 1, 1) for v in (self.mean, self.std))
        return (self.splits[split].images[indices].astype(np.float32) / np.float32(255) - mean) / std


def cut(order: np.ndarray, counts: dict[str, int], where: str) -> dict[str, np.ndarray]:
    """Places of disjoint splits of these sizes, int64, taken one split after the other in `order` [N].

    Raises HyperpipeError, naming the data set by `where`, where more images are asked for than there are.
    """
    if sum(counts.values()) > len(order):
        asked = " + ".join(f"{count} {split}" for split, count in counts.items())
        raise HyperpipeError(f"{where}: {asked} images are asked for and {len(order)} are there; ask for fewer")
    ends = np.cumsum(list(counts.values()))
    return dict(zip(counts, np.split(np.asarray(order[: ends[-1]], np.int64), ends[:-1]), strict=True))


def planes(image: PIL.Image.Image) -> np.ndarray:
    """A grey or RGB image as uint8 [C, H, W]."""
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def write_images(path: str | Path, images: ImageSet) -> None:
    datasets = {
        f"{name}/{part}": getattr(split, part)
        for name, split in images.splits.items()
        for part in ("images", "labels", "indices")
    }
    attrs = {"name": images.name, "classes": images.classes, "mean": images.mean, "std": images.std}
    write_store(path, "images", datasets, attrs)


def read_images(path: str | Path) -> ImageSet:
    """Raises HyperpipeError where the store is missing, damaged or no images store."""
    store = read_store(path, "images")
    splits = {
        name: ImageSplit(store[f"{name}/images"], store[f"{name}/labels"], store[f"{name}/indices"]) for name in SPLITS
    }
    attrs = store.attrs
    return ImageSet(attrs["name"], tuple(attrs["classes"]), tuple(attrs["mean"]), tuple(attrs["std"]), splits)
