"""What several test files share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import strategies as st

from hyperpipe.cnn import Architecture
from hyperpipe.images.digits import make_digits
from hyperpipe.images.image_set import ImageSet, ImageSplit
from hyperpipe.images.settings import Embedded
from runs import SECRET, snakemake

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

architectures = st.builds(
    Architecture,
    in_channels=st.integers(1, 5),
    classes=st.integers(2, 40),
    channels=st.tuples(*[st.integers(1, 20)] * 3),
    hidden=st.integers(1, 40),
)


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder of this run of the tests; processes that test side by side share one."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def cache(shared):
    """The native back end is built anew, and never in the user's cache."""
    os.environ["HYPERPIPE_CACHE"] = str(shared / "cache")


@pytest.fixture(scope="session")
def run(shared) -> Path:
    """The tiny run, finished: its directory, which no test changes."""
    directory = shared / "run"
    with FileLock(directory.with_suffix(".lock")):
        if not (directory / "results/tables.md").exists():
            done = snakemake("results/tables.md", directory=directory, API_TOKEN=SECRET)
            assert done.returncode == 0, done.stdout[-4000:]
    return directory


@pytest.fixture(scope="session")
def real(shared) -> Path:
    """Real image data sets in torchvision's layout; a test that needs them is skipped where there are none."""
    if not (DATA / "unpack_datasets.py").exists():
        pytest.skip("no image data beside the clone")
    folder = shared / "data"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            part = folder.with_suffix(".part")
            command = [sys.executable, str(DATA / "unpack_datasets.py"), str(DATA), str(part)]
            subprocess.run(command, check=True, timeout=120)
            part.rename(folder)
    return folder


@pytest.fixture(scope="session")
def digits() -> ImageSet:
    """A few real images; 47 in the training split, so that a batch of 10 leaves a partial one."""
    return make_digits(Embedded(source="digits", train=47, validation=20, test=30), "digits", 0)


@pytest.fixture(scope="session")
def colour() -> ImageSet:
    """Noise in three channels and three classes.

    With seed 0 one network of the parity tests met two values 1e-7 apart in a pooling window: which one is the
    maximum is then a matter of rounding, and its gradient differs by 1 %. With this seed none does.
    """
    generator = np.random.default_rng(1)

    def split(count: int) -> ImageSplit:
        images = generator.integers(0, 256, (count, 3, 28, 28), np.uint8)
        return ImageSplit(images, generator.integers(0, 3, count), np.arange(count))

    splits = {"train": split(33), "validation": split(10), "test": split(10)}
    return ImageSet("colour", ("a", "b", "c"), (0.5, 0.4, 0.3), (0.25, 0.2, 0.3), splits)
