"""The paper's image data sets, and two more of its authors' zoos, through torchvision (protocol §1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from torchvision import datasets
from torchvision.transforms import CenterCrop, Compose, Grayscale, Resize

from hyperpipe.cnn import SIDE
from hyperpipe.errors import HyperpipeError, brief
from hyperpipe.images.image_set import ImageSet, ImageSplit, cut, planes
from hyperpipe.images.settings import Standard
from hyperpipe.places import located

DIGITS = tuple("0123456789")


class LabelledSTL10(datasets.STL10):
    """Without the 100,000 unlabelled images, which torchvision would ask for too and check at each start."""

    train_list = datasets.STL10.train_list[:2]


@dataclass(frozen=True)
class Source:
    """A data set as the released scripts read it.

    parts: what its class takes for the training and the test part. transform: from its image to one of 28×28, before
    scaling and normalisation. classes: their names where the files do not say them.
    """

    reader: type[Any]
    parts: tuple[dict[str, Any], dict[str, Any]]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    transform: Any = None
    classes: tuple[str, ...] = ()


_BY_FLAG = {"train": True}, {"train": False}
_BY_NAME = {"split": "train"}, {"split": "test"}
_MNIST, _HALF = ((0.1307,), (0.3081,)), ((0.5,), (0.5,))
_COLOUR = (0.5,) * 3, (0.5,) * 3
_RESIZED = Resize((SIDE, SIDE))  # of Pillow images: bilinear, with antialiasing
_GREY_CENTRE = Compose([Grayscale(1), CenterCrop(SIDE)])
SOURCES: dict[str, Source] = {
    "mnist": Source(datasets.MNIST, _BY_FLAG, *_MNIST, classes=DIGITS),
    "svhn": Source(datasets.SVHN, _BY_NAME, *_HALF, _GREY_CENTRE, DIGITS),
    "cifar10": Source(datasets.CIFAR10, _BY_FLAG, *_COLOUR, _RESIZED),
    "stl10": Source(LabelledSTL10, _BY_NAME, *_COLOUR, _RESIZED),
    "usps": Source(datasets.USPS, _BY_FLAG, *_MNIST, _RESIZED, DIGITS),
    "fashion_mnist": Source(datasets.FashionMNIST, _BY_FLAG, *_HALF),
}


def make_standard(settings: Standard, name: str) -> ImageSet:
    """Training and validation images are cut from the training part by torch's random_split with `split_seed`, as
    released; test images are the first ones of the test part.

    Raises HyperpipeError where files are missing or damaged, cannot be fetched, or hold too few images.
    """
    where, source = f"images.{name}", SOURCES[settings.source]
    learnt, tested = (_part(source, arguments, settings, where) for arguments in source.parts)
    order = _released_order(len(learnt), settings.split_seed)
    places = cut(order, {"train": settings.train, "validation": settings.validation}, where)
    places |= cut(np.arange(len(tested)), {"test": settings.test}, where)
    splits = {split: _split(tested if split == "test" else learnt, indices) for split, indices in places.items()}
    return ImageSet(name, source.classes or tuple(learnt.classes), source.mean, source.std, splits)


def _part(source: Source, arguments: dict[str, Any], settings: Standard, where: str) -> Any:
    """The training or the test part, from files that are there, else fetched where settings allow it."""
    folder = located(settings.folder)

    def read(download: bool) -> Any:
        return source.reader(folder, **arguments, transform=source.transform, download=download)

    try:
        return read(download=False)
    except Exception as error:  # whatever torchvision and the format's library raise
        if not settings.download:
            said = f"{where}.folder: {settings.source} is not in {folder}, or damaged ({brief(error)})"
            raise HyperpipeError(f"{said}; put its files there, or set {where}.download: true") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{settings.source}.lock"):  # another job may be at it
            return read(download=True)
    except Exception as error:
        said = f"{where}: {settings.source} can neither be read from {folder} nor fetched ({brief(error)})"
        raise HyperpipeError(f"{said}; put its files there, or delete those that are damaged") from None


def _split(part: Any, indices: np.ndarray) -> ImageSplit:
    pairs = [part[i] for i in indices.tolist()]
    images = np.stack([planes(image) for image, _ in pairs])
    return ImageSplit(images, np.array([label for _, label in pairs], np.int64), indices)


def _released_order(count: int, seed: int) -> np.ndarray:
    """The order in which random_split deals out `count` images."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed)).numpy()
