"""Hidden units of networks, brought into the order that is nearest to another network's.

The units of a hidden layer can stand in any order: with its rows, its biases and the columns of the next layer in the
same order a network is another vector of weights and the same function. Whether one is a copy of another can therefore
be seen in weights only after the best order has been looked for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import linear_sum_assignment

from hyperpipe.cnn import Architecture

_AT_ONCE = 512
_SWEEPS = 100  # at the most; a handful do


def matched_distances(network: np.ndarray, others: np.ndarray, architecture: Architecture) -> np.ndarray:
    """Root mean squared differences [K] of a network [P] and others [K, P], the hidden units of each other reordered.

    Which order of a layer brings it nearest, all other layers as they are, is an assignment problem; it is solved for
    one layer after the other until none changes (coordinate descent, as Ainsworth et al. 2023). Where that ends depends
    on the start. There are two: the others as they are, so that no distance is larger than without reordering; and
    orders found from the first layer to the last by what leads into each unit, which are exact where an other one is a
    reordered copy. The smaller distance counts: the least that was found, which need not be the least that there is.
    """
    parts = [others[start : start + _AT_ONCE] for start in range(0, len(others), _AT_ONCE)]
    squares = [_least_squares(_Units(network[None], architecture), part, architecture) for part in parts]
    return np.sqrt(np.concatenate([np.zeros(0), *squares]) / architecture.size)


def _least_squares(fixed: _Units, others: np.ndarray, architecture: Architecture) -> np.ndarray:
    """Squared distances [K], the smaller one of the two starts."""
    by_inputs = _Units(others, architecture)
    for place in range(by_inputs.hidden):
        by_inputs.reorder(place, _assigned(fixed.leading_in(place), by_inputs.leading_in(place)))
    moved = _Units(others, architecture).and_also(by_inputs)
    around = [fixed.around(place) for place in range(fixed.hidden)]
    squares, moving = np.empty(2 * len(others)), np.arange(2 * len(others))
    for _ in range(_SWEEPS):
        changed = np.zeros(len(moving), bool)
        for place, of_fixed in enumerate(around):
            orders = _assigned(of_fixed, moved.around(place))
            moved.reorder(place, orders)
            changed |= (orders != np.arange(orders.shape[1])).any(axis=1)
        squares[moving] = fixed.squared_distances(moved)
        moving, moved = moving[changed], moved.some(changed)
        if not len(moving):
            break
    return squares.reshape(2, -1).min(axis=0)


class _Units:
    """K networks by their units: of each layer the weights [K, outputs, units of the layer before, numbers a pair]
    and the biases [K, outputs]."""

    def __init__(self, flat: np.ndarray, architecture: Architecture) -> None:
        before = [architecture.in_channels, *(layer.outputs for layer in architecture.layers)]
        self.weights = [
            flat[:, layer.weight].reshape(len(flat), layer.outputs, units, -1)
            for layer, units in zip(architecture.layers, before, strict=False)
        ]
        self.biases = [flat[:, layer.bias] for layer in architecture.layers]

    @property
    def hidden(self) -> int:
        return len(self.weights) - 1

    def leading_in(self, place: int) -> np.ndarray:
        """Weights into each unit of a layer and its bias, [K, units, n]."""
        return np.concatenate([_by_unit(self.weights[place]), self.biases[place][:, :, None]], axis=2)

    def around(self, place: int) -> np.ndarray:
        """The same and the weights out of each unit."""
        return np.concatenate([self.leading_in(place), _by_unit(self.weights[place + 1].swapaxes(1, 2))], axis=2)

    def reorder(self, place: int, orders: np.ndarray) -> None:
        """orders: [K, units], the old unit that is to stand at each place."""
        network = np.arange(len(orders))[:, None]
        self.weights[place] = self.weights[place][network, orders]
        self.biases[place] = self.biases[place][network, orders]
        self.weights[place + 1] = self.weights[place + 1].swapaxes(1, 2)[network, orders].swapaxes(1, 2)

    def and_also(self, others: _Units) -> _Units:
        return self._with(lambda own, other: np.concatenate([own, other]), others)

    def some(self, chosen: np.ndarray) -> _Units:
        return self._with(lambda own, _: own[chosen], self)

    def squared_distances(self, others: _Units) -> np.ndarray:
        pairs = zip(self.weights + self.biases, others.weights + others.biases, strict=True)
        return sum(np.square(a - b).reshape(len(b), -1).sum(axis=1, dtype=float) for a, b in pairs)

    def _with(self, function: Callable[[np.ndarray, np.ndarray], np.ndarray], others: _Units) -> _Units:
        made = object.__new__(_Units)
        made.weights = list(map(function, self.weights, others.weights))
        made.biases = list(map(function, self.biases, others.biases))
        return made


def _by_unit(weights: np.ndarray) -> np.ndarray:
    return weights.reshape(*weights.shape[:2], -1)


def _assigned(fixed: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Orders [K, units] of the units of `moved` [K, units, n] that are nearest to those of `fixed` [1, units, n]."""
    products = fixed @ moved.swapaxes(1, 2)
    return np.stack([linear_sum_assignment(product, maximize=True)[1] for product in products])
