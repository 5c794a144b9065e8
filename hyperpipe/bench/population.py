"""``hyperpipe bench population``: training images/s of every back end, of a plain loop and of vmap.

The paper's network, of one channel or more, and its recipe at batch 10. What these rates are held against is measured
in the same minutes: the plain loop's, a large float32 matrix product's, and that of multiply-adds alone.
"""

from __future__ import annotations

import ctypes
import os
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from typing import Any

import torch
from tabulate import tabulate

from hyperpipe.bench import work
from hyperpipe.bench.vmap import VmapBackend
from hyperpipe.bench.work import RECIPE, in_training, per_second
from hyperpipe.cnn import Architecture
from hyperpipe.cost.flop import nominal_flop
from hyperpipe.machine import cpu
from hyperpipe.progress import Progress
from hyperpipe.zoo.backend import Backend
from hyperpipe.zoo.native.cpu.backend import NativeCpu
from hyperpipe.zoo.native.cpu.library import cpu_code
from hyperpipe.zoo.reference import ReferenceBackend
from hyperpipe.zoo.stacked import StackedBackend

_IMAGES, _NETWORKS, _MATRIX = 500, 32, 2048
_ROUNDS = 3  # each rate is their median


def measure_population(channels: int = 1) -> dict[str, Any]:
    """Rates for one core, and under ``all_cores`` for all. Raises BuildError where native cannot be built."""
    cores, architecture = len(os.sched_getaffinity(0)), Architecture(in_channels=channels)
    one = _rates(1, architecture)
    return {
        "cpu": cpu(),
        "cores": cores,
        "lanes": cpu_code(architecture, RECIPE.activation).hyperpipe_lanes(),
        "channels": channels,
        "networks_per_core": _NETWORKS,
        "torch": torch.__version__,
        **one,
        "all_cores": one if cores == 1 else _rates(cores, architecture),
    }


def as_table(result: dict[str, Any]) -> str:
    columns = {"one core": result, f"all {result['cores']} cores": result["all_cores"]}
    rows = [
        ("plain loop, images/s", "loop_images_per_s"),
        ("vmap, images/s", "vmap_images_per_s"),
        ("stacked, images/s", "stacked_images_per_s"),
        ("native, images/s", "native_images_per_s"),
        ("native : loop", "native_to_loop"),
        ("native, nominal GFLOP/s", "native_gflops"),
        ("float32 matrix product, GFLOP/s", "matrix_gflops"),
        ("native : matrix product", "native_share_of_matrix_rate"),
        ("multiply-adds alone, GFLOP/s", "fma_peak_gflops"),
        ("native : multiply-adds", "native_share_of_fma_peak"),
    ]
    body = [
        [name, *(f"{column[key]:,.{0 if column[key] >= 1000 else 2}f}" for column in columns.values())]
        for name, key in rows
    ]
    channels = f"{result['channels']} channel{'s' * (result['channels'] > 1)}"
    head = f"{result['cpu']}, {result['lanes']} lanes, {channels}, torch {result['torch']}\n\n"
    return head + tabulate(body, ["", *columns], tablefmt="github", colalign=("left", "right", "right"))


def _rates(cores: int, architecture: Architecture) -> dict[str, float]:
    """Medians over the rounds; in each all are measured, so that a change of the machine's load meets all."""
    measured: dict[str, list[float]] = {}
    with ExitStack() as stack:
        loops = stack.enter_context(ProcessPoolExecutor(cores, get_context("spawn")))
        contenders = {
            "loop_images_per_s": lambda: sum(loops.map(_loop, [architecture] * cores, [work.SECONDS] * cores)),
            "vmap_images_per_s": _training(VmapBackend, architecture, cores),
            "stacked_images_per_s": _training(StackedBackend, architecture, cores),
            "native_images_per_s": _training(NativeCpu, architecture, cores),
            "matrix_gflops": _matrix(cores),
            "fma_peak_gflops": _peak(cores),
        }
        title = f"{cores} core{'s' * (cores > 1)}"
        with Progress(title, _ROUNDS * len(contenders), "measurements") as progress:
            for _ in range(_ROUNDS):
                for name, rate in contenders.items():
                    measured.setdefault(name, []).append(rate())
                    progress.advance(1, name)
    rates = {name: statistics.median(values) for name, values in measured.items()}
    rates["native_to_loop"] = rates["native_images_per_s"] / rates["loop_images_per_s"]
    rates["native_gflops"] = rates["native_images_per_s"] * nominal_flop(architecture) / 1e9
    rates["native_share_of_matrix_rate"] = rates["native_gflops"] / rates["matrix_gflops"]
    rates["native_share_of_fma_peak"] = rates["native_gflops"] / rates["fma_peak_gflops"]
    return rates


def _training(backend: Callable[..., Backend], architecture: Architecture, cores: int) -> Callable[[], float]:
    """A measurement of training images/s of a back end with networks for so many cores."""
    trained, orders = in_training(backend, architecture, _NETWORKS * cores, _IMAGES, cores)
    trained.train_epoch(orders[:, :20])

    def rate() -> float:
        torch.set_num_threads(cores)
        return per_second(lambda: trained.train_epoch(orders), orders.size, work.SECONDS)

    return rate


def _loop(architecture: Architecture, seconds: float) -> float:
    """Images/s of one network that one process trains on one thread, as the released code does it."""
    trained, orders = in_training(ReferenceBackend, architecture, 1, _IMAGES)
    trained.train_epoch(orders[:, :100])
    return per_second(lambda: trained.train_epoch(orders), orders.size, seconds)


def _matrix(cores: int) -> Callable[[], float]:
    a, b = torch.randn(2, _MATRIX, _MATRIX)

    def rate() -> float:
        torch.set_num_threads(cores)
        return per_second(lambda: a @ b, 2 * _MATRIX**3, work.SECONDS) / 1e9

    return rate


def _peak(cores: int) -> Callable[[], float]:
    peak = cpu_code(Architecture(), RECIPE.activation).hyperpipe_peak
    peak.restype = ctypes.c_int64
    rounds = 1_000_000

    def alone(_: int) -> int:
        return peak(ctypes.c_int64(rounds))

    def rate() -> float:
        with ThreadPoolExecutor(cores) as pool:
            operations = sum(pool.map(alone, range(cores)))
            return per_second(lambda: list(pool.map(alone, range(cores))), operations, work.SECONDS) / 1e9

    return rate
