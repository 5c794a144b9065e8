"""Which back end trains a population, on what, and why that one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hyperpipe import machine
from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.notes import Notes
from hyperpipe.zoo.backend import Backend
from hyperpipe.zoo.native.build import BuildError, described
from hyperpipe.zoo.settings import Recipe, Training


@dataclass(frozen=True)
class Choice:
    """start: makes the back end, from what `Backend` is made of. reason: in words, for the log and the record.
    compiler: what it was compiled with, if it was."""

    name: str
    start: Callable[..., Backend]
    reason: str
    compiler: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})"

    def notes(self) -> Notes:
        """For the record."""
        return Notes(backend=str(self), compiler=self.compiler) if self.compiler else Notes(backend=str(self))


def choose_backend(training: Training, architecture: Architecture, recipe: Recipe) -> Choice:
    """What was asked for; for ``auto`` stacked on CUDA, on a CPU native where it can be built, else stacked.

    Raises HyperpipeError where what was asked for cannot be had.
    """
    card = _card(training)
    if training.backend == "reference":
        from hyperpipe.zoo.reference import ReferenceBackend

        return Choice("reference", ReferenceBackend, "asked for")
    if training.backend == "stacked":
        return _stacked(card, "asked for")
    if training.backend == "auto" and card:  # whose kernel has not been measured: docs/performance.md
        return _stacked(card, "auto")
    try:
        return _native(card, "asked for" if training.backend == "native" else "auto", architecture, recipe)
    except BuildError as error:
        if training.backend == "native":
            raise HyperpipeError(f"training.backend native: {error}; or take auto") from error
        return _stacked(card, f"auto, without native: {error}")


def _card(training: Training) -> str:
    """The CUDA device to train on; empty: the CPU."""
    if training.device == "cuda" and training.backend == "reference":
        raise HyperpipeError("training.device cuda: back end reference works on a CPU; take another back end, or cpu")
    return "" if training.backend == "reference" else machine.training_card(training.device)


def _native(card: str, reason: str, architecture: Architecture, recipe: Recipe) -> Choice:
    """Raises BuildError."""
    if card:
        from hyperpipe.zoo.native.cuda.backend import NativeCuda
        from hyperpipe.zoo.native.cuda.library import cuda_code, nvcc

        cuda_code(architecture, recipe.activation, "cuda")
        return Choice("native on cuda", NativeCuda, f"{reason}, {card}", described(nvcc()))
    from hyperpipe.zoo.native.cpu.backend import NativeCpu
    from hyperpipe.zoo.native.cpu.library import compiler, cpu_code

    lanes = cpu_code(architecture, recipe.activation).hyperpipe_lanes()
    return Choice("native", NativeCpu, f"{reason}, {lanes} networks side by side", described(compiler()))


def _stacked(card: str, reason: str) -> Choice:
    from hyperpipe.zoo.stacked import StackedBackend

    if card:
        return Choice("stacked on cuda", partial(StackedBackend, device="cuda"), f"{reason}, {card}")
    return Choice("stacked", StackedBackend, reason)
