"""Which back end trains a population, and why that one."""

from __future__ import annotations

from dataclasses import dataclass

from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.zoo.backend import Backend
from hyperpipe.zoo.native.build import BuildError
from hyperpipe.zoo.settings import Recipe, Training


@dataclass(frozen=True)
class Choice:
    """reason: in words, for the log and the record."""

    backend: type[Backend]
    reason: str

    def __str__(self) -> str:
        return f"{self.backend.name} ({self.reason})"


def choose_backend(training: Training, architecture: Architecture, recipe: Recipe) -> Choice:
    """The back end that was asked for; for ``auto`` native where it can be built, else stacked.

    Raises HyperpipeError where ``native`` was asked for and cannot be had.
    """
    if training.backend == "reference":
        from hyperpipe.zoo.reference import ReferenceBackend

        return Choice(ReferenceBackend, "asked for")
    if training.backend == "stacked":
        return _stacked("asked for")
    from hyperpipe.zoo.native.backend import NativeBackend, load

    try:
        lanes = load(architecture, recipe).hyperpipe_lanes()
    except BuildError as error:
        if training.backend == "native":
            raise HyperpipeError(f"training.backend native: {error}; or take auto") from error
        return _stacked(f"auto, without native: {error}")
    asked = "asked for" if training.backend == "native" else "auto"
    return Choice(NativeBackend, f"{asked}, {lanes} networks side by side")


def _stacked(reason: str) -> Choice:
    from hyperpipe.zoo.stacked import StackedBackend

    return Choice(StackedBackend, reason)
