"""The paper's data sets: transforms, normalisation and splits of protocol §1.4, from small files and real ones."""

from __future__ import annotations

import gc
import gzip
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets, transforms

import image_files
from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import SPLITS
from hyperpipe.images.settings import PAPER_SIZES, Standard, channels
from hyperpipe.images.standard import make_standard

RESIZED = transforms.Resize((28, 28))
LISTED = {  # protocol §1.4, to the letter
    "mnist": [transforms.ToTensor(), transforms.Normalize(0.1307, 0.3081)],
    "svhn": [
        transforms.Grayscale(1),
        transforms.CenterCrop(28),
        transforms.ToTensor(),
        transforms.Normalize(0.5, 0.5),
    ],
    "cifar10": [RESIZED, transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)],
    "stl10": [RESIZED, transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)],
    "usps": [RESIZED, transforms.ToTensor(), transforms.Normalize(0.1307, 0.3081)],
    "fashion_mnist": [transforms.ToTensor(), transforms.Normalize(0.5, 0.5)],
}


@pytest.fixture
def unchecked(monkeypatch):
    """Small files do not have the checksums of the published ones."""
    for module in (datasets.svhn, datasets.cifar, datasets.stl10):
        monkeypatch.setattr(module, "check_integrity", lambda path, md5=None: Path(path).is_file())


def standard(source: str, folder: Path, **changes):
    return make_standard(Standard(source=source, folder=str(folder), **{"download": False, **changes}), "x")


@pytest.mark.parametrize("source", PAPER_SIZES)
def test_a_set_is_transformed_normalised_and_cut_as_listed(source, tmp_path, unchecked):
    parts = image_files.draw(source, 25, 0), image_files.draw(source, 12, 1)
    image_files.write(source, tmp_path, *parts)
    images = standard(source, tmp_path, train=15, validation=10, test=12)
    generator = torch.Generator().manual_seed(42)
    train, validation = torch.utils.data.random_split(range(25), [15, 10], generator=generator)
    indices = {"train": list(train), "validation": list(validation), "test": list(range(12))}
    for split in SPLITS:
        pixels, labels = parts[split == "test"]
        part = images.splits[split]
        assert part.indices.tolist() == indices[split]
        assert part.labels.tolist() == labels[part.indices].tolist() and part.labels.dtype == np.int64
        listed = transforms.Compose(LISTED[source])
        expected = torch.stack([listed(Image.fromarray(pixels[i])) for i in part.indices])
        np.testing.assert_allclose(images.normalised(split), expected.numpy(), rtol=0, atol=1e-6)
    assert images.channels == channels(Standard(source=source))
    named = source in ("cifar10", "stl10")
    assert len(images.classes) == 10 and (images.classes == tuple(image_files.NAMES)) == named


def test_another_seed_is_another_split_and_fewer_images_are_the_first_ones(tmp_path):
    image_files.write("mnist", tmp_path, image_files.draw("mnist", 25, 0), image_files.draw("mnist", 12, 1))
    sizes = {"train": 15, "validation": 10, "test": 12}
    whole, other = standard("mnist", tmp_path, **sizes), standard("mnist", tmp_path, split_seed=1, **sizes)
    assert set(whole.splits["train"].indices) != set(other.splits["train"].indices)
    few = standard("mnist", tmp_path, train=5, validation=4, test=3)
    assert few.splits["train"].indices.tolist() == whole.splits["train"].indices.tolist()[:5]
    assert few.splits["test"].indices.tolist() == [0, 1, 2]
    with pytest.raises(HyperpipeError, match=r"images\.x: 16 train \+ 10 validation images .* 25 are there"):
        standard("mnist", tmp_path, **{**sizes, "train": 16})


@pytest.mark.parametrize("source", ["mnist", "cifar10", "usps"])
def test_the_real_files_are_read_as_listed(real, source):
    folder = real / {"cifar10": "CIFAR10", "usps": "USPS"}.get(source, "")
    images = standard(source, folder)
    assert tuple(len(images.splits[split]) for split in SPLITS) == PAPER_SIZES[source]
    reader = {"mnist": datasets.MNIST, "cifar10": datasets.CIFAR10, "usps": datasets.USPS}[source]
    for split in SPLITS:
        part = images.splits[split]
        theirs = reader(folder, train=split != "test", transform=transforms.Compose(LISTED[source]))
        few = part.indices[:40].tolist()
        expected = torch.stack([theirs[i][0] for i in few])
        np.testing.assert_allclose(images.normalised(split, slice(40)), expected.numpy(), rtol=0, atol=1e-6)
        assert part.labels[:40].tolist() == [theirs[i][1] for i in few]
    assert (np.bincount(images.splits["train"].labels, minlength=10) > 400).all()
    if source == "mnist":
        seen = np.concatenate([images.normalised(split) for split in ("train", "validation")])
        assert abs(seen.mean()) < 1e-3 and abs(seen.std() - 1) < 1e-3, "normalised by their own mean and deviation"


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """MNIST's files for download, small, from a server on this machine: the folder that it serves."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    image_files.write("mnist", folder / "plain", image_files.draw("mnist", 25, 0), image_files.draw("mnist", 12, 1))
    resources = []
    for path in sorted((folder / "plain").rglob("*-ubyte")):
        packed = folder / f"{path.name}.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        resources.append((packed.name, hashlib.md5(packed.read_bytes()).hexdigest()))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(datasets.MNIST, "resources", resources)
        yield folder
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_not_there_is_fetched_where_that_is_allowed(tmp_path, mirror):
    sizes = {"train": 15, "validation": 10, "test": 12}
    with pytest.raises(HyperpipeError, match=r"images\.x\.folder: mnist is not in .*; put its files there, or set ima"):
        standard("mnist", tmp_path / "data", **sizes)
    fetched = standard("mnist", tmp_path / "data", download=True, **sizes)
    mirror.rename(tmp_path / "gone")
    again = standard("mnist", tmp_path / "data", download=True, **sizes)
    assert (fetched.splits["train"].images == again.splits["train"].images).all(), "without a network"
    with pytest.raises(
        HyperpipeError, match=r"images\.x: mnist can neither be read from .* nor fetched \(.*Error down"
    ):
        standard("mnist", tmp_path / "other", download=True, **sizes)
    gc.collect()  # torchvision leaves the answer of a failed download open; the warning belongs to this test


@pytest.mark.parametrize("source", PAPER_SIZES)
@pytest.mark.parametrize("damage", ["missing", "cut off"])
def test_a_missing_or_damaged_file_is_one_line(source, damage, tmp_path, unchecked):
    image_files.write(source, tmp_path, image_files.draw(source, 25, 0), image_files.draw(source, 12, 1))
    path = next(p for p in sorted(tmp_path.rglob("*")) if p.name in (
        "t10k-images-idx3-ubyte", "usps.bz2", "test_32x32.mat", "data_batch_3", "train_X.bin"
    ))  # fmt: skip
    path.unlink() if damage == "missing" else path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(HyperpipeError, match=rf"images\.x\.folder: {source} is not in .*, or damaged \(") as refused:
        standard(source, tmp_path, train=15, validation=10, test=12)
    assert "\n" not in str(refused.value)
