"""Anyone's own images, grey or colour, of any number of classes and of any one size."""

from __future__ import annotations

import numpy as np
import PIL.Image
from torchvision.transforms import CenterCrop, Resize

from hyperpipe.cnn import SIDE
from hyperpipe.errors import HyperpipeError
from hyperpipe.images.collection import Collection, read_collection
from hyperpipe.images.image_set import SPLITS, ImageSet, ImageSplit, cut, planes
from hyperpipe.images.settings import Own
from hyperpipe.randomness import stream

GREY, RGB = ("1", "L"), ("RGB",)  # Pillow's modes that are what they are
DEEP = ("I", "F")  # how the modes begin that Pillow would cut off to 8 bits without a word
FITS = {"resize": Resize((SIDE, SIDE)), "crop": CenterCrop(SIDE)}  # bilinear with antialiasing, as the paper's


def make_own(settings: Own, name: str, seed: int) -> ImageSet:
    """Images in the order of the stream (seed, "images/<name>/order"), cut into splits; those of a `test_path` are a
    test split of their own, in the order of the stream (seed, "images/<name>/test_order").

    Raises HyperpipeError where a file cannot be read, images differ in size or colour, or a split lacks a class.
    """
    where = f"images.{name}"
    first = read_collection(settings.source, settings.path, f"{where}.path")
    parts = dict.fromkeys(SPLITS, first)
    counts = {split: getattr(settings, split) for split in SPLITS}
    order = stream(seed, f"images/{name}/order").permutation(len(first))
    if settings.test_path is None:
        places = cut(order, counts, where)
    else:
        parts["test"] = read_collection(settings.source, settings.test_path, f"{where}.test_path")
        if parts["test"].classes != first.classes:
            other = sorted(set(first.classes) ^ set(parts["test"].classes))
            raise HyperpipeError(
                f"{where}.test_path: only one of {settings.path} and {settings.test_path} has {other[0]}"
            )
        test_order = stream(seed, f"images/{name}/test_order").permutation(len(parts["test"]))
        tested = {"test": counts.pop("test")}
        places = cut(order, counts, where) | cut(test_order, tested, where)
    _check_classes(first.classes, {split: parts[split].labels[places[split]] for split in SPLITS}, where)
    seen = Look(settings, where)
    splits = {split: seen.split(parts[split], places[split]) for split in SPLITS}
    channels = splits["train"].images.shape[1]
    mean, std = (_by_channel(getattr(settings, key), channels, f"{where}.{key}") for key in ("mean", "std"))
    return ImageSet(name, first.classes, mean, std, splits)


class Look:
    """What all images of a data set have in common, taken from the first one that is seen."""

    def __init__(self, settings: Own, where: str) -> None:
        self.colour, self.fit, self.where = settings.colour, settings.fit, where
        self.first: tuple[str, tuple[int, int], str] | None = None

    def split(self, collection: Collection, places: np.ndarray) -> ImageSplit:
        images = np.stack([self.planes(collection, place) for place in places.tolist()])
        return ImageSplit(images, collection.labels[places], places)

    def planes(self, collection: Collection, place: int) -> np.ndarray:
        """One image, uint8 [C, 28, 28]. Raises HyperpipeError where it cannot be read or differs from the first."""
        name = collection.names[place]
        picture = collection.picture(place)
        mode = self._mode(picture, name)
        picture = picture.convert(mode)
        self.first = self.first or (name, picture.size, mode)
        other, size, its_mode = self.first
        if mode != its_mode:
            said = f"{self.where}: {name} is {_colour(mode)} and {other} {_colour(its_mode)}"
            raise HyperpipeError(f"{said}; set {self.where}.colour to grey or rgb")
        if picture.size != size:
            ours, theirs = ("{}×{}".format(*s) for s in (picture.size, size))
            raise HyperpipeError(f"{self.where}: {name} is {ours} pixels and {other} {theirs}; bring all to one size")
        if self.fit == "crop" and min(size) < SIDE:
            raise HyperpipeError(
                f"{self.where}: {name} is less than {SIDE}×{SIDE} pixels; set {self.where}.fit: resize"
            )
        return planes(FITS[self.fit](picture))

    def _mode(self, picture: PIL.Image.Image, name: str) -> str:
        if picture.mode[0] in DEEP:
            raise HyperpipeError(
                f"{self.where}: {name} has more than 8 bits a channel ({picture.mode}); make it 8 bits"
            )
        if self.colour != "auto":
            return {"grey": "L", "rgb": "RGB"}[self.colour]
        if picture.mode not in (*GREY, *RGB):
            said = f"{self.where}: {name} is neither grey nor RGB ({picture.mode})"
            raise HyperpipeError(f"{said}; set {self.where}.colour to grey or rgb")
        return "L" if picture.mode in GREY else "RGB"


def _check_classes(classes: tuple[str, ...], labels: dict[str, np.ndarray], where: str) -> None:
    for split, of_split in labels.items():
        missing = np.flatnonzero(np.bincount(of_split, minlength=len(classes)) == 0)
        if len(missing):
            said = f"{len(of_split)} {split} images have none of class {classes[missing[0]]}"
            raise HyperpipeError(f"{where}.{split}: {said}; ask for more, or add images of it")


def _by_channel(values: list[float], channels: int, where: str) -> tuple[float, ...]:
    if len(values) not in (1, channels):
        raise HyperpipeError(f"{where}: {len(values)} numbers for images of {channels} channels; give one, or one each")
    return tuple(values) * (channels // len(values))


def _colour(mode: str) -> str:
    return "grey" if mode == "L" else "colour"
