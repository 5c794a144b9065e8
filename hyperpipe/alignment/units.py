"""Networks by their hidden units, and how these are rearranged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hyperpipe.alignment.symmetries import Moves
from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError


class Units:
    """K networks and what has been done to them.

    weights, biases: of each layer, [K, outputs, units of the layer before, numbers a pair] and [K, outputs]. orders,
    signs: of each hidden layer, [K, units], as in `Moves`. Methods take hidden layers by their place among these.
    """

    def __init__(self, flat: np.ndarray, architecture: Architecture) -> None:
        """flat: weights [K, P]. Raises HyperpipeError where they are not the architecture's."""
        if flat.ndim != 2 or flat.shape[1] != architecture.size:
            raise HyperpipeError(
                f"weights of shape {flat.shape} do not fit architecture {architecture}: it has (…, {architecture.size})"
            )
        before = [architecture.in_channels, *(layer.outputs for layer in architecture.layers)]
        self.weights = [
            flat[:, layer.weight].reshape(len(flat), layer.outputs, units, layer.fan_in // units)
            for layer, units in zip(architecture.layers, before, strict=False)
        ]
        self.biases = [flat[:, layer.bias] for layer in architecture.layers]
        hidden = self.biases[:-1]
        self.orders = [np.tile(np.arange(biases.shape[1]), (len(flat), 1)) for biases in hidden]
        self.signs = [np.ones(biases.shape, np.int8) for biases in hidden]

    def __len__(self) -> int:
        return len(self.biases[0])

    @property
    def moves(self) -> Moves:
        """All that has been done to the networks since they came."""
        return Moves(tuple(self.orders), tuple(self.signs))

    def flat(self) -> np.ndarray:
        """Weights [K, P], layer by layer as they came."""
        pairs = zip(self.weights, self.biases, strict=True)
        return np.concatenate([part.reshape(len(self), -1) for pair in pairs for part in pair], axis=1)

    def leading_in(self, place: int) -> np.ndarray:
        """Weights into each unit of a layer and its bias, [K, units, n]."""
        return np.concatenate([_by_unit(self.weights[place]), self.biases[place][:, :, None]], axis=2)

    def around(self, place: int) -> np.ndarray:
        """The same and the weights out of each unit."""
        return np.concatenate([self.leading_in(place), _by_unit(self.weights[place + 1].swapaxes(1, 2))], axis=2)

    def move(self, place: int, orders: np.ndarray, signs: np.ndarray) -> None:
        """orders: [K, units], the old unit that is to stand at each place. signs: [K, units], what becomes of its sign
        there. All that leads into a unit and all that leads out of it goes with it."""
        network = np.arange(len(self))[:, None]
        factors = signs.astype(self.biases[place].dtype)
        of_unit = factors[:, :, None, None]
        self.biases[place] = self.biases[place][network, orders] * factors
        self.weights[place] = self.weights[place][network, orders] * of_unit
        self.weights[place + 1] = (self.weights[place + 1].swapaxes(1, 2)[network, orders] * of_unit).swapaxes(1, 2)
        self.orders[place] = self.orders[place][network, orders]
        self.signs[place] = self.signs[place][network, orders] * signs.astype(np.int8)

    def moved(self, moves: Moves) -> Units:
        """These networks after moves of each."""
        made = self.some(slice(None))
        for place, (orders, signs) in enumerate(zip(moves.orders, moves.signs, strict=True)):
            made.move(place, orders, signs)
        return made

    def some(self, chosen: np.ndarray | slice) -> Units:
        """The networks at these places."""
        made = object.__new__(Units)
        for name, own in vars(self).items():
            setattr(made, name, [part[chosen] for part in own])
        return made

    def put(self, chosen: np.ndarray, others: Units) -> None:
        """Others in the place of these."""
        for name, own in vars(self).items():
            for part, other in zip(own, getattr(others, name), strict=True):
                part[chosen] = other

    def products(self, others: Units) -> np.ndarray:
        """Inner products [K] with as many others, or with one other."""
        return self._sums(lambda own, other: own * other, others)

    def squared_distances(self, others: Units) -> np.ndarray:
        """As `products`, of the squares of differences."""
        return self._sums(lambda own, other: np.square(own - other), others)

    def sum(self) -> Units:
        """One network, the sum of these. Sums and differences have no moves."""
        return self._numbers(lambda own: own.sum(axis=0, keepdims=True))

    def plus(self, others: Units) -> Units:
        return self._numbers(np.add, others)

    def minus(self, others: Units) -> Units:
        return self._numbers(np.subtract, others)

    def _numbers(self, function: Callable[..., np.ndarray], *others: Units) -> Units:
        made = object.__new__(Units)
        made.weights = [function(*parts) for parts in zip(self.weights, *(o.weights for o in others), strict=True)]
        made.biases = [function(*parts) for parts in zip(self.biases, *(o.biases for o in others), strict=True)]
        made.orders = made.signs = []
        return made

    def _sums(self, function: Callable[[np.ndarray, np.ndarray], np.ndarray], others: Units) -> np.ndarray:
        pairs = zip(self.weights + self.biases, others.weights + others.biases, strict=True)
        return sum(function(*pair).reshape(len(self), -1).sum(axis=1, dtype=float) for pair in pairs)


def layer_scales(weights: np.ndarray, architecture: Architecture) -> np.ndarray:
    """Root mean squares [layers] of the weights and biases of each layer over networks [M, P], 1 where all are zero.

    Not the standard deviation, which a change of sign changes.
    """
    squares = [np.square(weights[:, layer.span], dtype=float).mean() for layer in architecture.layers]
    return np.sqrt(np.where(squares, squares, 1.0))


def scaled(weights: np.ndarray, architecture: Architecture, scales: Sequence[float] | np.ndarray) -> np.ndarray:
    """Weights [M, P] in float64, those of each layer and its biases divided by its scale."""
    by_number = np.repeat(scales, [layer.span.stop - layer.span.start for layer in architecture.layers])
    return weights.astype(float) / by_number


def rearranged(weights: np.ndarray, moves: Moves, architecture: Architecture) -> np.ndarray:
    """Weights [M, P] after the moves of each network; only places and signs change.

    Raises HyperpipeError where there are not as many moves as networks, or weights are not the architecture's.
    """
    units = Units(weights, architecture)
    if len(moves) != len(units):
        raise HyperpipeError(f"moves of {len(moves)} networks do not fit {len(units)} networks")
    return units.moved(moves).flat()


def _by_unit(weights: np.ndarray) -> np.ndarray:
    return weights.reshape(*weights.shape[:2], weights.shape[2] * weights.shape[3])
