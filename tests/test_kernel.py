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
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from conftest import architectures
from hyperpipe.cnn import Architecture, initialise, to_module
from hyperpipe.images.image_set import ImageSet, ImageSplit
from hyperpipe.machine import instruction_sets
from hyperpipe.zoo.native.build import constants
from hyperpipe.zoo.native.cpu.backend import NativeCpu
from hyperpipe.zoo.native.cpu.library import FLAGS, SOURCE, cpu_code
from hyperpipe.zoo.reference import ReferenceBackend
from hyperpipe.zoo.settings import Recipe

# Every instruction set that the kernel has a width for: its flag, its lanes, what the CPU must have.
WIDTHS = {"avx512": ("x86-64-v4", 16, "avx512f"), "avx2": ("x86-64-v3", 8, "avx2"), "sse2": ("x86-64", 4, "sse2")}
ACTIVATIONS = ["tanh", "gelu", "relu"]
SHAPES = [
    Architecture(),
    Architecture(in_channels=3, channels=(16, 16, 16)),
    Architecture(classes=26, channels=(5, 3, 7), hidden=11),
    Architecture(in_channels=2, classes=2, channels=(1, 1, 1), hidden=1),
    Architecture(in_channels=4, classes=3, channels=(9, 33, 2), hidden=70),
]


def starts(architecture: Architecture, models: int, seed: int = 0) -> np.ndarray:
    """Kaiming's; from U(0, 1) tanh saturates and rounding alone decides: test_zoo.py has those, on images of digits."""
    generator = np.random.default_rng(seed)
    return np.stack([initialise(architecture, "kaiming_uniform", generator) for _ in range(models)])


def noise(architecture: Architecture, count: int, seed: int = 0) -> ImageSet:
    """Images without a pattern: with one, two positions of a pooling window may be equal to the last bit but one."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (count, architecture.in_channels, 28, 28), np.uint8)
    split = ImageSplit(pixels, generator.integers(0, architecture.classes, count), np.arange(count))
    channels = architecture.in_channels
    mean, std = tuple(generator.uniform(0.3, 0.6, channels)), tuple(generator.uniform(0.2, 0.4, channels))
    return ImageSet("noise", tuple(map(str, range(architecture.classes))), mean, std, {"train": split})


class Exact(ReferenceBackend):
    """The reference in float64: how far from it torch's float32 comes shows what rounding alone does to a network."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.networks = [network.double() for network in self.networks]

    def _batch(self, split: str, indices: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = super()._batch(split, indices)
        return x.double(), y

    @torch.no_grad()
    def equal_logits(self) -> np.ndarray:
        """For each network the share of the training images whose largest logits differ by no more than rounding."""
        x, _ = self._batch("train", slice(None))
        logits = torch.stack([network(x) for network in self.networks])
        first, second = logits.topk(2).values.unbind(-1)
        return (first - second <= 1e-5 * logits.abs().amax(-1)).double().mean(1).numpy()


@torch.no_grad()
def decided(weights: np.ndarray, architecture: Architecture, activation: str, images: np.ndarray) -> bool:
    """Whether no rounding can turn a maximum of a pooling window, or for ReLU a sign, of this network."""
    x, near = torch.from_numpy(images), []
    for module in to_module(weights, architecture, activation):
        if isinstance(module, torch.nn.MaxPool2d):
            windows = x.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4).sort(dim=-1).values
            near.append((windows[..., 3] - windows[..., 2]).min() / x.abs().max())
        if isinstance(module, torch.nn.ReLU):
            near.append(x.abs().min() / x.abs().max())
        x = module(x)
    return min(near) > 2e-6


def check_gradients(
    architecture: Architecture, activation: str, models: int, batch: int, seed: int = 0, native=NativeCpu
) -> int:
    """Native gradients and evaluation are the reference's; returns how many networks could be compared.

    To 1e-5, and to some times what torch loses to float64 where that is more, say where a softmax is nearly 1.
    """
    recipe, images = Recipe(learning_rate=1e-3, activation=activation), noise(architecture, 12, seed)
    generator = np.random.default_rng(seed)
    weights = starts(architecture, models, seed)
    indices = generator.integers(0, 12, (models, batch))
    backends = native, ReferenceBackend, Exact
    ours, right, exact = (backend(weights, architecture, recipe, images) for backend in backends)
    found, expected, true = (backend.gradients(indices) for backend in (ours, right, exact))
    assert np.isfinite(found).all()
    compared = 0
    for m in range(models):
        if decided(weights[m], architecture, activation, images.normalised("train", indices[m])):
            lost, size = np.abs(expected[m] - true[m]).max(), np.abs(true[m]).max()
            compared += lost < 1e-4 * size
            assert np.abs(found[m] - true[m]).max() <= 1e-5 * size + 8 * lost + 6e-8, m
    (loss, accuracy), (right_loss, _), (true_loss, true_accuracy) = (
        backend.evaluate(["train"])["train"] for backend in (ours, right, exact)
    )
    lost = np.abs(right_loss - true_loss) / true_loss
    np.testing.assert_allclose(loss, true_loss, rtol=1e-5 + 8 * lost.max())
    assert (np.abs(accuracy - true_accuracy) <= exact.equal_logits() + 1e-9).all()
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
    assert cpu_code(architecture, activation).hyperpipe_lanes() == lanes
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
    flags = [flag for flag in FLAGS if flag not in ("-march=native", "-shared")]
    sources = [f"-I{SOURCE.parent}", str(Path(__file__).with_name("kernel_main.cpp"))]
    subprocess.run(
        [compiler, *flags, *constants(architecture, activation), "-static", *sources, "-o", program], check=True
    )
    images = noise(architecture, lanes)
    weights = starts(architecture, lanes)
    native = NativeCpu(weights, architecture, Recipe(learning_rate=1), images)  # its way of passing these
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
    chosen = ["-k", "every_shape or native", "-m", "not long", "-p", "no:xdist", "--timeout", "3000"]
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
def test_64_networks_on_all_of_mnist_stay_below_1_gb(real, tmp_path):
    code = f"""
        import os
        from pathlib import Path
        from hyperpipe.images.image_set import write_images
        from hyperpipe.images.settings import Standard
        from hyperpipe.images.standard import make_standard
        from hyperpipe.stages.zoo_shard import shard_stage
        from hyperpipe.zoo.settings import Recipe, ShardSlice, Training

        recipe, training = Recipe(learning_rate=3e-4), Training(backend="native")
        slice = ShardSlice(
            seed=0, name="m", epochs=1, keep_epochs=[1], init="uniform", recipe=recipe, training=training
        )
        if os.fork() == 0:  # what making the store takes is another job's
            write_images("{tmp_path}/images.h5", make_standard(Standard(source="mnist", folder="{real}"), "m"))
            os._exit(0)
        os.wait()
        shard_stage(slice, range(1, 65), Path("{tmp_path}/images.h5"), Path("{tmp_path}/shard.h5"), 2)
        status = Path("/proc/self/status").read_text()  # getrusage counts what the parent had before exec
        print(status.split("VmHWM:")[1].split()[0])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1_000_000, f"{done.stdout} kB"
