from __future__ import annotations

import gzip
import pickle
import struct

import numpy as np
import pytest
from conftest import MNIST
from torchvision.datasets import CIFAR10

from hyperpipe.errors import HyperpipeError
from hyperpipe.images.cifar10 import make_cifar10
from hyperpipe.images.image_set import SPLITS, read_images, write_images
from hyperpipe.images.make import make_images
from hyperpipe.images.mnist import make_mnist
from hyperpipe.images.settings import Cifar10, Embedded, ImagesSlice, Mnist
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


def write_mnist(folder, packed: bool) -> None:
    for name, count in (("train", 60), ("t10k", 20)):
        pixels = np.random.default_rng(count).integers(0, 256, (count, 28, 28), np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        files = {
            f"{name}-images-idx3-ubyte": struct.pack(">IIII", 0x803, count, 28, 28) + pixels.tobytes(),
            f"{name}-labels-idx1-ubyte": struct.pack(">II", 0x801, count) + labels.tobytes(),
        }
        for file, data in files.items():
            path = folder / (file + ".gz" if packed else file)
            path.write_bytes(gzip.compress(data) if packed else data)


def mnist(folder, **sizes: int):
    return make_mnist(Mnist(source="mnist", folder=str(folder), **sizes), "m", 0)


def test_mnist_is_read_plain_and_packed_alike(tmp_path):
    sizes = {"train": 40, "validation": 20, "test": 20}
    sets = []
    for packed in (False, True):
        folder = tmp_path / str(packed)
        folder.mkdir()
        write_mnist(folder, packed)
        sets.append(mnist(folder, **sizes))
    for split in SPLITS:
        plain, packed = (s.splits[split] for s in sets)
        assert (plain.images == packed.images).all() and (plain.labels == packed.labels).all()
    both = np.concatenate([sets[0].splits[s].indices for s in ("train", "validation")])
    assert sorted(both) == list(range(60))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.unlink(), "neither train-images-idx3-ubyte nor"),
        (lambda path: path.write_bytes(path.read_bytes()[:-5]), "cannot be read"),
        (lambda path: path.write_bytes(b"hello"), "no idx file"),
    ],
)
def test_a_missing_or_damaged_mnist_file_is_one_line(tmp_path, damage, said):
    write_mnist(tmp_path, packed=False)
    damage(tmp_path / "train-images-idx3-ubyte")
    with pytest.raises(HyperpipeError, match=said):
        mnist(tmp_path, train=40, validation=20, test=20)


@pytest.mark.skipif(not MNIST.is_dir(), reason="no MNIST files beside the clone")
def test_the_real_mnist():
    folder = next(path.parent for path in MNIST.rglob("train-images-idx3-ubyte*"))
    images = mnist(folder)
    assert [len(images.splits[split]) for split in SPLITS] == [50_000, 10_000, 10_000]
    pixels = np.concatenate([images.splits[s].images for s in ("train", "validation")]) / 255
    assert pixels.mean() == pytest.approx(images.mean[0], abs=1e-4)
    assert pixels.std() == pytest.approx(images.std[0], abs=1e-4)


def cifar10(folder, **sizes: int):
    return make_cifar10(Cifar10(source="cifar10", folder=str(folder), **sizes), "c", 0)


@pytest.fixture
def small_cifar10(tmp_path, monkeypatch):
    """Batches of four images in the original's format: image i of grey i, but for its left half, which is green."""
    monkeypatch.setattr(CIFAR10, "_check_integrity", lambda self: True)
    monkeypatch.setitem(CIFAR10.meta, "md5", None)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for number, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        grey = np.arange(4 * number, 4 * number + 4, dtype=np.uint8)
        pixels = np.tile(grey[:, None, None, None], (1, 3, 32, 32))
        pixels[:, 1, :, :16] = 255
        (folder / name).write_bytes(pickle.dumps({"data": pixels.reshape(4, -1), "labels": (grey % 10).tolist()}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    return tmp_path


def test_cifar10_is_read_resized_and_cut(small_cifar10):
    images = cifar10(small_cifar10, train=12, validation=6, test=4)
    assert images.classes == tuple("abcdefghij") and images.channels == 3
    learnt = np.concatenate([images.splits[split].indices for split in ("train", "validation")])
    assert len(set(learnt)) == 18 and images.splits["test"].indices.tolist() == [0, 1, 2, 3]
    for split, first in (("train", 0), ("validation", 0), ("test", 20)):
        part = images.splits[split]
        assert part.images.shape == (len(part), 3, 28, 28)
        assert (part.labels == (part.indices + first) % 10).all()
        assert (part.images[:, 0, 0, 0] == part.indices + first).all()
        left, right = part.images[:, 1, :, :13], part.images[:, 1, :, 15:]
        assert (left == 255).all() and (right == part.images[:, :1, :, 15:][:, 0]).all()


def test_cifar10_that_is_not_there_is_one_line(tmp_path):
    said = r"images\.c\.folder: .*/cifar-10-batches-py is not there or damaged; unpack cifar-10-python\.tar\.gz"
    with pytest.raises(HyperpipeError, match=said):
        cifar10(tmp_path)
