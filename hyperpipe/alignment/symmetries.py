"""Rearrangements of hidden units that leave a network's function as it is.

The units of a hidden layer can stand in any order: with its rows, its biases and the columns of the next layer in the
same order a network is another vector of weights and the same function. Where the activation is odd and acts on a unit
directly, the signs of all that leads into a unit and of all that leads out of it can be changed together too. A
max-pooling between the two rules that out: the largest of some numbers is not minus the largest of their negatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hyperpipe.cnn import Activation, Architecture

_ODD: dict[Activation, bool] = {"tanh": True, "gelu": False, "relu": False}


@dataclass(frozen=True)
class Symmetries:
    """Of networks of one architecture. flips: for each hidden layer whether its units may change their sign."""

    architecture: Architecture
    flips: tuple[bool, ...]

    @cached_property
    def units(self) -> tuple[int, ...]:
        """Of each hidden layer."""
        return tuple(layer.outputs for layer in self.architecture.layers[:-1])

    def drawn(self, count: int, generator: np.random.Generator) -> Moves:
        """Moves of `count` networks, all equally likely."""
        orders = [generator.permuted(np.tile(np.arange(units), (count, 1)), axis=1) for units in self.units]
        either = [np.array([-1 if flips else 1, 1], np.int8) for flips in self.flips]
        signs = [generator.choice(of, order.shape) for of, order in zip(either, orders, strict=True)]
        return Moves(tuple(orders), tuple(signs))


@dataclass(frozen=True, eq=False)
class Moves:
    """Of M networks, by hidden layer: the old unit that is to stand at each place, int64 [M, units], and the sign that
    it gets there, int8 [M, units]."""

    orders: tuple[np.ndarray, ...]
    signs: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.orders[0])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Moves):
            return NotImplemented
        return all(map(np.array_equal, (*self.orders, *self.signs), (*other.orders, *other.signs)))


def symmetries(architecture: Architecture, activation: Activation, signs: bool = True) -> Symmetries:
    """Which symmetries networks have. signs: whether changes of sign are among them where the function allows them."""
    flips = tuple(signs and _ODD[activation] and not layer.pooled for layer in architecture.layers[:-1])
    return Symmetries(architecture, flips)
