from __future__ import annotations

import numpy as np
import pytest

from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import SPLITS, read_images, write_images
from hyperpipe.images.make import make_images
from hyperpipe.images.settings import Embedded, ImagesSlice
from hyperpipe.store import read_store

SIZES = {"train": 50, "validation": 20, "test": 30}


def embedded(source: str, seed: int = 0, **sizes: int):
    return make_images(ImagesSlice(seed=seed, name="x", images=Embedded(source=source, **{**SIZES, **sizes})))


@pytest.mark.parametrize("source", ["digits", "printed"])
def test_an_embedded_set_has_its_shapes_all_classes_and_is_the_same_every_time(source, tmp_path):
    images = embedded(source)
    for split in SPLITS:
        part = images.splits[split]
        assert part.images.shape == (SIZES[split], 1, 28, 28) and part.images.dtype == np.uint8
        assert set(part.labels) <= set(range(10)) and part.labels.dtype == np.int64
        assert part.images.max() > 200 and part.images.std() > 20
    assert len(set(images.splits["train"].labels)) == 10
    for place, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_images(tmp_path / place, embedded(source, seed))
    first, again, other = (read_store(tmp_path / place, "images").content for place in "abc")
    assert first == again != other


def test_printed_images_are_these_on_every_machine():
    """Pinned, since the set is drawn anew wherever the workflow runs."""
    image = embedded("printed").splits["train"].images[7, 0]
    assert image[10, 8:20].tolist() == [29, 61, 141, 43, 8, 38, 25, 33, 35, 62, 126, 135]


def test_more_printed_images_leave_the_first_ones_as_they_are():
    few, many = embedded("printed"), embedded("printed", train=60)
    assert (few.splits["train"].images == many.splits["train"].images[:50]).all()


def test_splits_of_digits_share_no_image():
    images = embedded("digits")
    indices = np.concatenate([images.splits[split].indices for split in SPLITS])
    assert len(np.unique(indices)) == 100


def test_more_digits_than_there_are_is_one_line():
    with pytest.raises(HyperpipeError, match=r"images\.x: 1790 train .* 1797 are there"):
        embedded("digits", train=1790)


def test_a_set_comes_back_from_its_store_as_it_went_in(tmp_path):
    images = embedded("digits")
    write_images(tmp_path / "x.h5", images)
    back = read_images(tmp_path / "x.h5")
    assert (back.name, back.classes, back.mean, back.std) == (images.name, images.classes, images.mean, images.std)
    for split in SPLITS:
        for part in ("images", "labels", "indices"):
            assert (getattr(back.splits[split], part) == getattr(images.splits[split], part)).all()


def test_networks_see_pixels_scaled_and_normalised():
    images = embedded("digits")
    seen = images.normalised("test")
    assert seen.dtype == np.float32
    expected = (images.splits["test"].images[3, 0, 14, 14] / 255 - images.mean[0]) / images.std[0]
    assert seen[3, 0, 14, 14] == pytest.approx(expected, abs=1e-6)
