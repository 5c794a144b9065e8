"""CUDA where there is no GPU: the kernel's logic on threads, what nvcc makes of it, the choice of back end.

test_zoo.py holds every back end against the reference, those on CUDA where there is a GPU.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from conftest import architectures
from hyperpipe import machine
from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.zoo import captured, stacked
from hyperpipe.zoo.choice import choose_backend
from hyperpipe.zoo.native.build import BuildError, constants
from hyperpipe.zoo.native.cuda import library
from hyperpipe.zoo.native.cuda.backend import NativeCuda
from hyperpipe.zoo.settings import Recipe, Training
from test_kernel import ACTIVATIONS, SHAPES, check_gradients, noise, starts

StandIn = partial(NativeCuda, device="cpu")
H100, A100, RTX4090, TURING = ("sm_90", 232448), ("sm_80", 166912), ("sm_89", 101376), ("sm_75", 65536)
SMALL = Architecture(classes=3, channels=(2, 3, 2), hidden=3)
SOURCES = library.SOURCE.parent


@pytest.fixture
def card(monkeypatch):
    """A machine that says it has an H100."""
    properties = SimpleNamespace(major=9, minor=0, shared_memory_per_block_optin=H100[1])
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    monkeypatch.setattr(machine, "gpu", lambda: "NVIDIA H100")


def nvcc() -> None:
    try:
        library.nvcc()
    except BuildError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(("shape", "activation"), [(0, "tanh"), (1, "gelu"), (2, "relu"), (3, "gelu")])
def test_the_kernels_gradients_are_the_references(shape, activation):
    """12 images: more than a block works on at a time."""
    assert check_gradients(SHAPES[shape], activation, models=8, batch=12, native=StandIn) > 1


@pytest.mark.long
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(architectures, st.sampled_from(ACTIVATIONS), st.integers(1, 4), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_the_kernels_gradients_of_any_shape_are_the_references(architecture, activation, models, batch, seed):
    assume(check_gradients(architecture, activation, models, batch, seed, StandIn))


@pytest.mark.long
@pytest.mark.parametrize("card", [A100, RTX4090, TURING])
def test_blocks_with_less_memory_work_on_fewer_images_and_compute_the_same(card, monkeypatch):
    def code(architecture, activation, _):
        return library.load(library.stand_in_library(architecture, activation, card[1]))

    monkeypatch.setattr("hyperpipe.zoo.native.cuda.backend.cuda_code", code)
    assert check_gradients(Architecture(), "gelu", models=8, batch=12, native=StandIn) > 1


def test_a_network_computes_the_same_whoever_trains_beside_it():
    images, weights = noise(SMALL, 13), starts(SMALL, 3)
    orders = np.stack([np.random.default_rng(m).permutation(13) for m in range(3)])
    recipe = Recipe(learning_rate=1e-2)
    weights[1, 5] = np.nan
    together, alone = StandIn(weights, SMALL, recipe, images), StandIn(weights[[2]], SMALL, recipe, images)
    for _ in range(2):
        (loss, accuracy), own = together.train_epoch(orders), alone.train_epoch(orders[[2]])
        assert (loss[2], accuracy[2]) == (own[0][0], own[1][0])
    assert (together.weights()[2] == alone.weights()[0]).all()
    assert np.isnan(loss[1]) and accuracy[1] == 0 and np.isfinite(together.weights()[[0, 2]]).all()


def test_indices_of_images_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match="indices must be 0 … 12"):
        StandIn(starts(SMALL, 1), SMALL, Recipe(learning_rate=1), noise(SMALL, 13)).gradients(np.array([[13]]))


@pytest.mark.parametrize(
    "activation", ["tanh", *(pytest.param(other, marks=pytest.mark.long) for other in ("gelu", "relu"))]
)
def test_nvcc_compiles_the_kernel(activation):
    nvcc()
    assert library.load(library.cuda_library(Architecture(), activation, *H100)).hyperpipe_size() >= Architecture().size


@pytest.mark.long
@pytest.mark.parametrize("card", [H100, A100, RTX4090, TURING], ids=lambda card: card[0])
@pytest.mark.parametrize("architecture", SHAPES[:4], ids=str)
def test_nvcc_compiles_every_shape_for_every_card(architecture, card):
    if architecture == SHAPES[1] and card in (RTX4090, TURING):
        pytest.skip("too large for these")
    nvcc()
    assert library.load(library.cuda_library(architecture, "gelu", *card)).hyperpipe_size() >= architecture.size


def test_an_architecture_that_no_block_has_room_for_is_one_line():
    with pytest.raises(BuildError, match="this architecture is too large for a block's memory") as caught:
        library.stand_in_library(Architecture(channels=(64, 64, 64), hidden=64), "tanh", TURING[1])
    assert "\n" not in str(caught.value)


def test_the_choice_on_cuda(card):
    recipe = Recipe(learning_rate=1e-3)
    assert str(choose_backend(Training(), SMALL, recipe)) == "stacked on cuda (auto, NVIDIA H100)"
    made = choose_backend(Training(backend="stacked", device="cuda"), SMALL, recipe)
    assert str(made) == "stacked on cuda (asked for, NVIDIA H100)"
    assert choose_backend(Training(backend="stacked", device="cpu"), SMALL, recipe).name == "stacked"
    assert choose_backend(Training(device="cpu"), SMALL, recipe).name == "native"
    assert choose_backend(Training(backend="reference"), SMALL, recipe).name == "reference"
    with pytest.raises(HyperpipeError, match="device cuda: back end reference works on a CPU"):
        choose_backend(Training(backend="reference", device="cuda"), SMALL, recipe)


def test_native_on_cuda_needs_nvcc(card, monkeypatch, tmp_path):
    recipe, native = Recipe(learning_rate=1e-3), Training(backend="native")
    for name, value in {"PATH": str(tmp_path), "CUDA_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    monkeypatch.delenv("NVCC", raising=False)
    with pytest.raises(HyperpipeError, match=r"^training.backend native: no nvcc found; .* or take auto$"):
        choose_backend(native, SMALL, recipe)
    monkeypatch.setenv("NVCC", "nvcc-99 -O1")
    with pytest.raises(HyperpipeError, match="the compiler that NVCC names, nvcc-99, is not there"):
        choose_backend(native, SMALL, recipe)


def test_native_on_cuda_is_built_for_the_card(card):
    nvcc()
    made = choose_backend(Training(backend="native"), SMALL, Recipe(learning_rate=1e-3))
    assert str(made) == "native on cuda (asked for, NVIDIA H100)" and made.start is NativeCuda


def test_cuda_without_a_device_is_one_line(monkeypatch):
    monkeypatch.setattr(machine, "gpu", lambda: "")
    with pytest.raises(
        HyperpipeError, match=r"^training.device cuda: torch sees no CUDA device here; take auto or cpu$"
    ):
        choose_backend(Training(device="cuda"), SMALL, Recipe(learning_rate=1e-3))


def test_stacked_asks_the_device_for_nothing_within_an_epoch(monkeypatch):
    """On the device ``meta`` tensors have no values: whatever a host would wait for raises there."""
    monkeypatch.setitem(stacked.GROUP, "meta", 2)
    monkeypatch.setitem(stacked._LAYOUT, "meta", torch.contiguous_format)
    recipe = Recipe(learning_rate=1e-3, weight_decay=0.1)
    population = stacked.StackedBackend(starts(SMALL, 3), SMALL, recipe, noise(SMALL, 13), device="meta")
    (first, _), orders = population.groups, torch.zeros(2, 13, dtype=torch.int64, device="meta")
    for result in (first.train_epoch(orders), first.evaluate("train")):
        assert result.device.type == "meta" and result.shape == (2, 2)
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        population.evaluate(["train"])


def test_captured_work_is_done_once_a_call_for_every_shape(monkeypatch):
    """With a stand-in for CUDA's graphs: while one captures nothing is computed, replaying computes."""
    capturing, done = [], []

    class Graph:
        def replay(self):
            done.append(self.x.tolist())

    class capture:
        def __init__(self, graph, stream):
            self.graph = graph

        def __enter__(self):
            capturing.append(self.graph)

        def __exit__(self, *_):
            capturing.pop()

    def work(x):
        if capturing:
            capturing[-1].x = x
        else:
            done.append(x.tolist())

    stream = SimpleNamespace(wait_stream=lambda _: None)
    for name, value in {"Stream": lambda: stream, "current_stream": lambda: stream, "CUDAGraph": Graph}.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(torch.cuda, "graph", capture)
    monkeypatch.setattr(torch.cuda, "stream", lambda _: pytest.MonkeyPatch.context())
    step, asked = captured.Captured(work), [torch.arange(i, i + 2 + i % 2) for i in range(12)]
    for x in asked:
        step(x.clone())
    assert done == [x.tolist() for x in asked] and len(step.graphs) == 2


def as_program(folder: Path, sources: Path, architecture: Architecture, activation: str, sanitizer: str) -> Path:
    flags = ["-std=c++17", "-O1", "-g", f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all", "-pthread"]
    flags += ["-Wno-unknown-pragmas", f"-I{sources}", f"-DSHARED_BYTES={H100[1]}", *constants(architecture, activation)]
    main = Path(__file__).with_name("cuda_main.cpp")
    subprocess.run(["g++", *flags, main, "-o", folder / "program"], check=True)
    return folder / "program"


@pytest.mark.long
@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("architecture", SHAPES[:4], ids=str)
def test_the_kernel_has_no_races_and_touches_nothing_that_is_not_its_own(architecture, activation, sanitizer, tmp_path):
    program = as_program(tmp_path, SOURCES, architecture, activation, sanitizer)
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr[-3000:]


@pytest.mark.long
def test_without_any_one_of_its_barriers_the_kernel_has_a_race(tmp_path):
    """So that the test above can fail. The sanitizer forgets older accesses, hence more runs than one."""
    native, barrier, found = tmp_path / "native", re.compile(r"__sync(warp|threads)\(\);"), 0
    (native / "cuda").mkdir(parents=True)
    texts = {path.name: path.read_text() for path in SOURCES.iterdir() if path.suffix in (".cu", ".cuh", ".h")}
    for header in SOURCES.parent.glob("*.h"):
        shutil.copy(header, native)
    for name, text in texts.items():
        for match in [] if name == "block.h" else barrier.finditer(text):
            changed = {**texts, name: text[: match.start()] + text[match.end() :]}
            for other, content in changed.items():
                (native / "cuda" / other).write_text(content)
            program = as_program(tmp_path, native / "cuda", Architecture(), "tanh", "thread")
            runs = (subprocess.run([program], capture_output=True, text=True).stderr for _ in range(20))
            assert any("data race" in said for said in runs), f"{name}:{text[: match.start()].count(chr(10)) + 1}"
            found += 1
    assert found > 15
