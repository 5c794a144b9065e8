"""The native back end's kernel: every shape and activation, every width of vectors, memory, sanitizers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import MNIST, architectures
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hyperpipe.cnn import Architecture, initialise, to_module
from hyperpipe.images.image_set import ImageSet, ImageSplit
from hyperpipe.machine import instruction_sets
from hyperpipe.zoo.native import build
from hyperpipe.zoo.native.backend import NativeBackend, load
from hyperpipe.zoo.reference import ReferenceBackend
from hyperpipe.zoo.settings import Recipe

# Every instruction set that the kernel has a width for: its flag, its lanes, what the CPU must have.
WIDTHS = {"avx512": ("x86-64-v4", 16, "avx512f"), "avx2": ("x86-64-v3", 8, "avx2"), "sse2": ("x86-64", 4, "sse2")}
ACTIVATIONS = ["tanh", "gelu", "relu"]
EPSILON = float(np.finfo(np.float32).eps)
ROUNDING = 4 * EPSILON  # of a logit, relative to the largest: some units in the last place of the sums that lead to it
SHAPES = [
    Architecture(),
    Architecture(in_channels=3, channels=(16, 16, 16)),
    Architecture(classes=26, channels=(5, 3, 7), hidden=11),
    Architecture(in_channels=2, classes=2, channels=(1, 1, 1), hidden=1),
    Architecture(in_channels=4, classes=3, channels=(9, 33, 2), hidden=70),
]


def starts(architecture: Architecture, models: int, seed: int = 0) -> np.ndarray:
    """By turns kaiming's, and U(0, 1), whose activations are hundreds."""
    generator, inits = np.random.default_rng(seed), ("kaiming_uniform", "uniform")
    return np.stack([initialise(architecture, inits[m % 2], generator) for m in range(models)])


def noise(architecture: Architecture, count: int, seed: int = 0) -> ImageSet:
    """Images without a pattern: with one, two positions of a pooling window may be equal to the last bit but one."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (count, architecture.in_channels, 28, 28), np.uint8)
    split = ImageSplit(pixels, generator.integers(0, architecture.classes, count), np.arange(count))
    channels = architecture.in_channels
    mean, std = tuple(generator.uniform(0.3, 0.6, channels)), tuple(generator.uniform(0.2, 0.4, channels))
    return ImageSet("noise", tuple(map(str, range(architecture.classes))), mean, std, {"train": split})


@torch.no_grad()
def conditioning(weights: np.ndarray, architecture: Architecture, activation: str, images: np.ndarray) -> tuple:
    """How near a maximum of a pooling window, or for ReLU a sign, comes to turning; and the largest logit.

    From U(0, 1) tanh saturates and maxima are equal but for rounding: test_zoo.py compares such networks on images of
    digits. Logits of thousands are rounded to 1e-3 and more, which the loss and its gradient inherit.
    """
    x, near = torch.from_numpy(images), []
    for module in to_module(weights, architecture, activation):
        if isinstance(module, torch.nn.MaxPool2d):
            windows = x.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4).sort(dim=-1).values
            near.append(float((windows[..., 3] - windows[..., 2]).min() / x.abs().max()))
        if isinstance(module, torch.nn.ReLU):
            near.append(float(x.abs().min() / x.abs().max()))
        x = module(x)
    return min(near), float(x.abs().max())


def check_gradients(architecture: Architecture, activation: str, models: int, batch: int, seed: int = 0) -> int:
    """Native gradients and evaluation are the reference's; returns how many networks could be compared."""
    recipe, images = Recipe(learning_rate=1e-3, activation=activation), noise(architecture, 12, seed)
    generator = np.random.default_rng(seed)
    weights = starts(architecture, models, seed)
    indices = generator.integers(0, 12, (models, batch))
    ours, right = (b(weights, architecture, recipe, images) for b in (NativeBackend, ReferenceBackend))
    found, expected = ours.gradients(indices), right.gradients(indices)
    assert np.isfinite(found).all()
    compared = 0
    for m in range(models):
        near, size = conditioning(weights[m], architecture, activation, images.normalised("train", indices[m]))
        if near > 2e-6:
            compared += 1
            largest, of_logits = (np.abs(part).max() for part in (expected[m], expected[m][-architecture.classes :]))
            rounding = ROUNDING * size + 2 * EPSILON / (of_logits or 1)  # these are softmax - 1, rounded as the 1 is
            assert np.abs(found[m] - expected[m]).max() <= (1e-5 + rounding) * largest + EPSILON, m
    (loss, accuracy), (right_loss, right_accuracy) = (b.evaluate(["train"])["train"] for b in (ours, right))
    everything = images.normalised("train", np.arange(12))
    sizes = np.array([conditioning(row, architecture, activation, everything)[1] for row in weights])
    assert (np.abs(loss - right_loss) <= 1e-5 * right_loss + ROUNDING * sizes).all()
    assert np.abs(accuracy - right_accuracy).max() <= 1.01 / 12  # two equal logits
    return compared


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("architecture", SHAPES, ids=str)
def test_gradients_of_every_shape_are_the_references(architecture, activation):
    assert check_gradients(architecture, activation, models=18, batch=3) > 6


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_width_of_vectors_computes_the_same(width, activation, monkeypatch):
    flag, lanes, needed = WIDTHS[width]
    if needed not in instruction_sets().split():
        pytest.skip(f"this CPU has no {needed}")
    monkeypatch.setenv("HYPERPIPE_CXXFLAGS", f"-march={flag}")
    architecture = Architecture(in_channels=2, classes=26, channels=(8, 5, 3), hidden=7)
    assert load(architecture, Recipe(learning_rate=1, activation=activation)).hyperpipe_lanes() == lanes
    assert check_gradients(architecture, activation, models=lanes + 1, batch=4) > lanes // 3


@pytest.mark.long
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(architectures, st.sampled_from(ACTIVATIONS), st.integers(1, 20), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_gradients_of_any_shape_are_the_references(architecture, activation, models, batch, seed):
    assume(check_gradients(architecture, activation, models, batch, seed) > models // 3)


@pytest.mark.long
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_neon_computes_the_same(activation, tmp_path):
    compiler, emulator = "aarch64-linux-gnu-g++", "qemu-aarch64"
    if not (shutil.which(compiler) and shutil.which(emulator)):
        pytest.skip(f"no {compiler} and {emulator} here")
    architecture, lanes, program = SHAPES[2], 4, tmp_path / "kernel"
    flags = [flag for flag in build.FLAGS if flag not in ("-march=native", "-shared")]
    constants = build._constants(architecture, activation)
    sources = [f"-I{build._SOURCES}", str(Path(__file__).with_name("kernel_main.cpp"))]
    subprocess.run([compiler, *flags, *constants, "-static", *sources, "-o", program], check=True)
    images = noise(architecture, lanes)
    weights = starts(architecture, lanes)
    native = NativeBackend(weights, architecture, Recipe(learning_rate=1), images)  # its way of passing these
    parts = weights.T, native.images["train"], native.labels["train"], native.scale, native.shift
    stdin = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    done = subprocess.run([emulator, program], input=stdin, capture_output=True, check=True)
    found = np.frombuffer(done.stdout, np.float32).reshape(-1, lanes).T
    recipe, indices = Recipe(learning_rate=1, activation=activation), np.arange(lanes)[:, None]
    expected = ReferenceBackend(weights, architecture, recipe, images).gradients(indices)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.long
def test_the_kernel_touches_nothing_that_is_not_its_own():
    """AddressSanitizer and UndefinedBehaviorSanitizer, over the tests above and those of test_zoo.py."""
    libraries = [_runtime(name) for name in ("libasan.so", "libubsan.so")]
    environment = {
        **os.environ,
        "CXX": "g++",
        "LD_PRELOAD": " ".join(libraries),
        "ASAN_OPTIONS": "detect_leaks=0",  # CPython's own
        "HYPERPIPE_CXXFLAGS": "-O2 -g -fsanitize=address,undefined -fno-sanitize-recover=all",
    }
    chosen = ["-k", "every_shape or native or NativeBackend", "-m", "not long", "-p", "no:xdist", "--timeout", "3000"]
    tests = [str(Path(__file__).with_name(name)) for name in ("test_kernel.py", "test_zoo.py")]
    command = [sys.executable, "-m", "pytest", "-s", *chosen, *tests]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 20


def _runtime(name: str) -> str:
    found = subprocess.run(["g++", f"-print-file-name={name}"], capture_output=True, text=True).stdout.strip()
    if not os.path.isabs(found):
        pytest.skip(f"no {name} here")
    return found


@pytest.mark.long
def test_64_networks_on_all_of_mnist_stay_below_1_gb(tmp_path):
    if not MNIST.exists():
        pytest.skip("no MNIST here")
    folder = next(path.parent for path in MNIST.rglob("train-images-idx3-ubyte*"))
    code = f"""
        import os
        from pathlib import Path
        from hyperpipe.images.image_set import write_images
        from hyperpipe.images.mnist import make_mnist
        from hyperpipe.images.settings import Mnist
        from hyperpipe.stages.zoo_shard import shard_stage
        from hyperpipe.zoo.settings import Recipe, ShardSlice, Training

        recipe, training = Recipe(learning_rate=3e-4), Training(backend="native")
        slice = ShardSlice(
            seed=0, name="m", epochs=1, keep_epochs=[1], init="uniform", recipe=recipe, training=training
        )
        if os.fork() == 0:  # what making the store takes is another job's
            write_images("{tmp_path}/images.h5", make_mnist(Mnist(source="mnist", folder="{folder}"), "m", 0))
            os._exit(0)
        os.wait()
        shard_stage(slice, range(1, 65), Path("{tmp_path}/images.h5"), Path("{tmp_path}/shard.h5"), 2)
        status = Path("/proc/self/status").read_text()  # getrusage counts what the parent had before exec
        print(status.split("VmHWM:")[1].split()[0])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1_000_000, f"{done.stdout} kB"
