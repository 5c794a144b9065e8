"""Labelled images as people have them: arrays of an .npz file, or a folder with a folder of files for each class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image

from hyperpipe.errors import HyperpipeError, brief
from hyperpipe.places import located


@dataclass(frozen=True)
class Collection:
    """N images of K classes, opened when asked.

    labels: int64 [N], places among `classes`. names: of the images, for errors. picture: opens one, by its place;
    raises HyperpipeError where it cannot be read.
    """

    classes: tuple[str, ...]
    labels: np.ndarray
    names: list[str]
    picture: Callable[[int], PIL.Image.Image]

    def __len__(self) -> int:
        return len(self.labels)


def read_collection(source: str, path: str, where: str) -> Collection:
    """The images that a path holds, the key `where` of the configuration. source: ``npz`` or ``folder``.

    Raises HyperpipeError where it cannot be read, or holds something else or fewer than two classes.
    """
    read = {"npz": _arrays, "folder": _folders}[source]
    collection = read(located(path), where)
    if len(collection.classes) < 2:
        raise HyperpipeError(f"{where}: {path} has images of {len(collection.classes)} class; at least two are needed")
    return collection


def _arrays(path: Path, where: str) -> Collection:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            images, labels = file["images"], file["labels"]
    except Exception as error:  # numpy and zipfile raise many
        said = f"{where}: {path} cannot be read ({brief(error)})"
        raise HyperpipeError(f"{said}; it must be an .npz file with the arrays images and labels") from None
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    images = images[..., 0] if images.ndim == 4 and images.shape[3] == 1 else images
    if images.dtype != np.uint8 or not (images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)):
        said = f"images are {images.dtype} {list(images.shape)}, uint8 [N, H, W] or [N, H, W, 3] is needed"
        raise HyperpipeError(f"{where}: {path}: {said}")
    if labels.dtype.kind not in "iuU" or labels.shape != (len(images),):
        said = f"labels are {labels.dtype} {list(labels.shape)}, whole numbers or text, [{len(images)}], are needed"
        raise HyperpipeError(f"{where}: {path}: {said}")
    classes, places = np.unique(labels, return_inverse=True)
    names = [f"{path}, image {i}" for i in range(len(images))]
    return Collection(
        tuple(map(str, classes)), places.astype(np.int64), names, lambda i: PIL.Image.fromarray(images[i])
    )


def _folders(path: Path, where: str) -> Collection:
    from torchvision.datasets import ImageFolder

    try:
        found = ImageFolder(path)
    except OSError as error:
        said = f"{where}: {path} cannot be read as a folder of images for each class ({brief(error)})"
        raise HyperpipeError(f"{said}; it needs a folder of image files for each class") from None
    names, labels = zip(*found.samples, strict=True)
    return Collection(tuple(found.classes), np.array(labels, np.int64), list(names), lambda i: _opened(names[i]))


def _opened(path: str) -> PIL.Image.Image:
    try:
        with PIL.Image.open(path) as picture:
            picture.load()
            return picture
    except Exception as error:  # each format's reader raises its own
        raise HyperpipeError(f"{path}: cannot be read ({brief(error)}); replace it or take it out") from None
