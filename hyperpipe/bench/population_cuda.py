"""``hyperpipe bench population --device cuda``: training images/s of a GPU's back ends, and its float32 rate."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from tabulate import tabulate

from hyperpipe.bench import work
from hyperpipe.bench.work import in_training, per_second
from hyperpipe.cnn import Architecture
from hyperpipe.cost.flop import nominal_flop
from hyperpipe.errors import HyperpipeError
from hyperpipe.machine import gpu
from hyperpipe.progress import Progress
from hyperpipe.zoo.native.cuda.backend import NativeCuda
from hyperpipe.zoo.stacked import StackedBackend

_POPULATIONS = 264, 1000  # two networks a multiprocessor of an H100 or H200, and a zoo of the paper's
_IMAGES, _MATRIX, _ROUNDS = 5000, 8192, 3


def measure_population_on(device: str = "cuda", channels: int = 1) -> dict[str, Any]:
    """Rates under ``networks`` for each size of a population; each the median of rounds in which all are measured.

    Raises HyperpipeError where there is no device, BuildError where native cannot be built for it.
    """
    if device == "cuda" and not gpu():
        raise HyperpipeError("bench population --device cuda: torch sees no CUDA device here; measure --device cpu")
    architecture, measured = Architecture(in_channels=channels), {}
    contenders = {(0, "matrix_gflops"): _matrix(device)}
    for networks in _POPULATIONS:
        contenders[networks, "native_images_per_s"] = _training(NativeCuda, device, architecture, networks)
        contenders[networks, "stacked_images_per_s"] = _training(StackedBackend, device, architecture, networks)
    with Progress(device, _ROUNDS * len(contenders), "measurements") as progress:
        for _ in range(_ROUNDS):
            for key, rate in contenders.items():
                measured.setdefault(key, []).append(rate())
                progress.advance(1, f"{key[1]}, {key[0]} networks")
    rates = {key: statistics.median(values) for key, values in measured.items()}
    matrix = rates[0, "matrix_gflops"]
    populations = {}
    for networks in _POPULATIONS:
        native, stacked = (rates[networks, f"{name}_images_per_s"] for name in ("native", "stacked"))
        gflops = native * nominal_flop(architecture) / 1e9
        populations[str(networks)] = {
            "native_images_per_s": native,
            "stacked_images_per_s": stacked,
            "native_to_stacked": native / stacked,
            "native_gflops": gflops,
            "native_share_of_matrix_rate": gflops / matrix,
        }
    return {
        "gpu": gpu() or device,
        "torch": torch.__version__,
        "channels": channels,
        "matrix_gflops": matrix,
        "networks": populations,
    }


def as_table(result: dict[str, Any]) -> str:
    columns = [f"{networks} networks" for networks in result["networks"]]
    names = next(iter(result["networks"].values()))
    body = [
        [name.replace("_", " "), *(f"{rates[name]:,.4g}" for rates in result["networks"].values())] for name in names
    ]
    head = f"{result['gpu']}, {result['channels']} channels, torch {result['torch']}"
    head += f", float32 matrix product {result['matrix_gflops']:,.0f} GFLOP/s\n\n"
    return head + tabulate(body, ["", *columns], tablefmt="github", colalign=("left", *["right"] * len(columns)))


def _training(
    backend: Callable[..., Any], device: str, architecture: Architecture, networks: int
) -> Callable[[], float]:
    trained, orders = in_training(partial(backend, device=device), architecture, networks, _IMAGES)
    trained.train_epoch(orders[:, :50])  # captures and compiles
    return lambda: per_second(lambda: trained.train_epoch(orders), orders.size, work.SECONDS)


def _matrix(device: str) -> Callable[[], float]:
    """float32 itself: torch takes TF32 for matrix products only where it is told to."""
    a, b = torch.randn(2, _MATRIX, _MATRIX, device=device)

    def product() -> None:
        torch.mm(a, b)
        if device == "cuda":
            torch.cuda.synchronize()

    return lambda: per_second(product, 2 * _MATRIX**3, work.SECONDS) / 1e9
