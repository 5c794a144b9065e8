"""``hyperpipe bench hyperrep``: seconds that an update of an autoencoder takes, views included, and as first written.

On one core, or a GPU. What they are held against is measured in the same minutes: the update of
`hyperpipe.hyperrep.update_reference` in torch's default numbers, and large matrix products.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from tabulate import tabulate

from hyperpipe.bench import work
from hyperpipe.bench.work import per_second
from hyperpipe.cnn import Architecture
from hyperpipe.cost.flop import update_flop
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.augment import Views
from hyperpipe.hyperrep.autoencoder import Autoencoder, ProjectionHead
from hyperpipe.hyperrep.precision import products, refuse_what_is_not_here
from hyperpipe.hyperrep.presets import PRESETS
from hyperpipe.hyperrep.settings import HyperRep, Precision
from hyperpipe.hyperrep.train import optimiser_of, update
from hyperpipe.hyperrep.update_reference import reference_losses
from hyperpipe.machine import cpu, gpu, keep_memory
from hyperpipe.progress import Progress

_VIEWS = {"permute": True, "erase_probability": 0.5, "beta": 0.9004}  # two of each network, as released
_D512 = {"width": 512, "heads": 8, "feed_forward": 1024, "latent": 256, "dropout": 0.0, "batch_size": 100}
SIZES: dict[str, dict[str, dict[str, Any]]] = {
    "cpu": {"small": PRESETS["small"] | _VIEWS, "d512": _D512},
    "cuda": {"released": {}},
}
_MATRIX = {"cpu": 2048, "cuda": 8192}
_OTHERS: tuple[Precision, ...] = "tf32", "bfloat16"
_ROUNDS = 3  # each rate is their median


def measure_hyperrep(device: str = "cpu") -> dict[str, Any]:
    """Under ``sizes`` what each takes, under ``matrix_gflops`` the rate of products in each precision that there is.

    `share_of_matrix_rate` is of the float32 rate, by the fastest product that torch has here. Raises HyperpipeError
    for ``cuda`` where there is no device.
    """
    if device == "cuda" and not gpu():
        raise HyperpipeError("bench hyperrep --device cuda: torch sees no CUDA device here; measure --device cpu")
    keep_memory()
    torch.set_num_threads(1)
    precisions, sizes = _precisions(device), {name: HyperRep(**size) for name, size in SIZES[device].items()}
    contenders: dict[tuple[str, str], Callable[[], float]] = {}
    for precision in precisions:
        contenders["matrix", precision] = _product(precision, device)
    if device == "cpu":
        contenders["matrix", "default"] = _product(None, device)
    for name, settings in sizes.items():
        if device == "cpu":
            contenders[name, "plain"] = _Training(settings, device).plain
        for precision in precisions:
            contenders[name, precision] = _Training(settings.model_copy(update={"precision": precision}), device).ours
    measured: dict[tuple[str, str], list[float]] = {}
    with Progress("update", _ROUNDS * len(contenders), "measurements") as progress:
        for _ in range(_ROUNDS):
            for key, rate in contenders.items():
                measured.setdefault(key, []).append(rate())
                progress.advance(1, ", ".join(key))
    rates = {key: statistics.median(values) for key, values in measured.items()}
    matrix = {name: rate / 1e9 for (of, name), rate in rates.items() if of == "matrix"}
    return {
        "device": gpu() if device == "cuda" else cpu(),
        "torch": torch.__version__,
        "matrix_gflops": matrix,
        "sizes": {name: _summary(name, settings, rates, matrix, precisions) for name, settings in sizes.items()},
    }


def as_table(result: dict[str, Any]) -> str:
    rows = []
    for size, found in result["sizes"].items():
        if "plain_seconds_per_update" in found:
            rows.append([size, "as first written", found["plain_seconds_per_update"], 1.0, None, None])
        for precision, of in {"float32": found, **{key: found[key] for key in _OTHERS if key in found}}.items():
            ratio, share, own = of.get("speedup"), of["share_of_matrix_rate"], of["share_of_own_matrix_rate"]
            rows.append([size, precision, of["seconds_per_update"], ratio, share, own])
    body = [[*row[:2], *("" if value is None else f"{value:.3g}" for value in row[2:])] for row in rows]
    head = ["size", "products in", "s an update", "speed-up", "share of the float32 rate", "of this precision's rate"]
    rates = ", ".join(f"{name} {rate:,.0f}" for name, rate in result["matrix_gflops"].items())
    said = f"{result['device']}, torch {result['torch']}; matrix products, GFLOP/s: {rates}\n\n"
    return said + tabulate(body, head, tablefmt="github", colalign=("left", "left", *["right"] * 4))


def _precisions(device: str) -> list[Precision]:
    """float32 first."""
    found: list[Precision] = ["float32"]
    for precision in _OTHERS:
        try:
            refuse_what_is_not_here(precision, device)
        except HyperpipeError:
            continue
        found.append(precision)
    return found


def _summary(
    name: str,
    settings: HyperRep,
    rates: dict[tuple[str, str], float],
    matrix: dict[str, float],
    precisions: list[Precision],
) -> dict[str, Any]:
    gflop = update_flop(Architecture(), settings) / 1e9
    plain = {"plain_seconds_per_update": 1 / rates[name, "plain"]} if (name, "plain") in rates else {}

    def of(precision: str) -> dict[str, float]:
        rate = rates[name, precision]
        ratio = {"speedup": rate / rates[name, "plain"]} if plain else {}
        fastest = max(matrix["float32"], matrix.get("default", 0.0))
        own = fastest if precision == "float32" else matrix[precision]
        shares = {"share_of_matrix_rate": rate * gflop / fastest, "share_of_own_matrix_rate": rate * gflop / own}
        return {"seconds_per_update": 1 / rate, **ratio, "gflops": rate * gflop, **shares}

    sizes = {key: getattr(settings, key) for key in ("width", "heads", "feed_forward", "latent", "batch_size")}
    others = {precision: of(precision) for precision in precisions[1:]}
    return {**sizes, "gflop_per_update": gflop, **plain, **of(precisions[0]), **others}


@dataclass
class _Training:
    """Of as many networks of noise as are in a batch."""

    settings: HyperRep
    device: str

    def __post_init__(self) -> None:
        architecture = Architecture()
        torch.manual_seed(0)
        self.autoencoder = Autoencoder(architecture, self.settings).to(self.device)
        self.head = ProjectionHead(self.settings).to(self.device)
        self.rows = 0.1 * torch.randn(self.settings.batch_size, architecture.size, device=self.device)
        self.sigma = torch.full((architecture.size,), 0.1, device=self.device)
        self.generator = torch.Generator().manual_seed(0)
        self.views = Views(architecture, self.settings, self.generator)
        self.parameters = [*self.autoencoder.parameters(), *self.head.parameters()]

    def ours(self) -> float:
        """Updates a second."""
        optimiser = optimiser_of(self.parameters, self.settings)
        modules = self.autoencoder, self.head, optimiser

        def step() -> None:
            update(*modules, self.rows, self.sigma, self.views, self.generator)
            _finish(self.device)

        step()
        return per_second(step, 1, work.SECONDS)

    def plain(self) -> float:
        """Updates a second, as first written."""
        rate, decay = self.settings.learning_rate, self.settings.weight_decay
        optimiser = torch.optim.Adam(self.parameters, lr=rate, weight_decay=decay)

        def step() -> None:
            losses = reference_losses(self.autoencoder, self.head, self.rows, self.sigma, self.views, self.generator)
            optimiser.zero_grad()
            losses[-1].backward()
            optimiser.step()

        step()
        return per_second(step, 1, work.SECONDS)


def _product(precision: Precision | None, device: str) -> Callable[[], float]:
    """A measurement of a large product's FLOP/s; without a precision as torch does it by default."""
    size = _MATRIX[device]
    a, b = torch.randn(2, size, size, device=device, dtype=torch.bfloat16 if precision == "bfloat16" else None)

    def multiply() -> None:
        a @ b
        _finish(device)

    def rate() -> float:
        if precision is None:
            return per_second(multiply, 2 * size**3, work.SECONDS)
        with products(precision, torch.device(device)):
            multiply()
            return per_second(multiply, 2 * size**3, work.SECONDS)

    return rate


def _finish(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
