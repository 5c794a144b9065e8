"""The zoo architecture, once: layer table, layout of the flat weight vector, initialisation, nn.Module.

Paper, Table 3; protocol §1.1, §1.2. Layers with the indices of the released checkpoints:

    0 conv k5 → max-pool 2 → activation     3 conv k5 → max-pool 2 → activation
    6 conv k2 → activation → flatten        9 linear → activation        11 linear

The flat vector holds, layer by layer, the weight in row-major order (out, in, kh, kw), then the layer's bias.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hyperpipe.errors import HyperpipeError

if TYPE_CHECKING:
    from torch import nn

SIDE = 28
BIAS = 0.01  # of every layer, whatever the init of its weights (protocol §1.2)
Activation = Literal["tanh", "gelu", "relu"]
Init = Literal["uniform", "kaiming_uniform", "pytorch_default"]


@dataclass(frozen=True)
class Layer:
    """One layer's place in the flat vector.

    index: of the module in the released checkpoints. kernel: side of a convolution's kernel, 0 for a linear layer.
    block: input columns of this layer for each unit of the layer before (9 positions after the flatten, else 1).
    pooled: a max-pooling stands between its outputs and their activation. offset: of the weight; the bias follows it.
    """

    index: int
    outputs: int
    inputs: int
    kernel: int
    block: int
    pooled: bool
    offset: int

    @property
    def name(self) -> str:
        return f"{'conv' if self.kernel else 'linear'}.{self.index}"

    @property
    def fan_in(self) -> int:
        return self.inputs * max(1, self.kernel) ** 2

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the weight."""
        return (self.outputs, self.inputs) + (self.kernel,) * (2 if self.kernel else 0)

    @property
    def weight(self) -> slice:
        return slice(self.offset, self.offset + self.outputs * self.fan_in)

    @property
    def bias(self) -> slice:
        return slice(self.weight.stop, self.weight.stop + self.outputs)

    @property
    def span(self) -> slice:
        """Weight and bias together."""
        return slice(self.weight.start, self.bias.stop)


@dataclass(frozen=True)
class Architecture:
    """A CNN of the zoo's family for 28×28 images; the defaults are the paper's one-channel network (P = 2464).

    channels: output channels of the three convolutions. hidden: width of the first linear layer.
    """

    in_channels: int = 1
    classes: int = 10
    channels: tuple[int, int, int] = (8, 6, 4)
    hidden: int = 20

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        c1, c2, c3 = self.channels
        rows = [  # index, outputs, inputs, kernel, block, pooled
            (0, c1, self.in_channels, 5, 1, True),
            (3, c2, c1, 5, 1, True),
            (6, c3, c2, 2, 1, False),
            (9, self.hidden, 9 * c3, 0, 9, False),
            (11, self.classes, self.hidden, 0, 1, False),
        ]
        sizes = [outputs * (inputs * max(1, kernel) ** 2 + 1) for _, outputs, inputs, kernel, *_ in rows]
        offsets = itertools.accumulate([0, *sizes[:-1]])
        return tuple(Layer(*row, offset) for row, offset in zip(rows, offsets, strict=True))

    @property
    def size(self) -> int:
        """P, the number of weights and biases."""
        return self.layers[-1].span.stop

    def __str__(self) -> str:
        """``1-8-6-4-20-10``: input channels, convolutions, hidden width, classes."""
        return "-".join(map(str, (self.in_channels, *self.channels, self.hidden, self.classes)))


def architecture_from(settings: dict[str, Any]) -> Architecture:
    """The inverse of ``dataclasses.asdict``, after JSON has made lists of tuples."""
    return Architecture(**{**settings, "channels": tuple(settings["channels"])})


def initialise(architecture: Architecture, init: Init, generator: np.random.Generator) -> np.ndarray:
    """One network's initial weights [P] float32 (protocol §1.2).

    init: ``uniform`` U(0,1); ``kaiming_uniform`` U(-b, b) with b = sqrt(6 / fan_in), both with bias 0.01;
    ``pytorch_default`` what nn.Conv2d and nn.Linear do, U(-b, b) with b = sqrt(1 / fan_in) for weights and biases.
    """
    flat = np.empty(architecture.size, np.float32)
    for layer in architecture.layers:
        unit = generator.random(layer.outputs * layer.fan_in, np.float32)
        gain = {"uniform": None, "kaiming_uniform": 6.0, "pytorch_default": 1.0}[init]
        if gain is None:
            flat[layer.weight] = unit
        else:
            flat[layer.weight] = (2 * unit - 1) * np.float32(math.sqrt(gain / layer.fan_in))
        flat[layer.bias] = BIAS
        if init == "pytorch_default":
            unit = generator.random(layer.outputs, np.float32)
            flat[layer.bias] = (2 * unit - 1) * np.float32(math.sqrt(gain / layer.fan_in))
    return flat


def to_arrays(flat: np.ndarray, architecture: Architecture) -> dict[str, np.ndarray]:
    """Flat weights [P] as ``{"0.weight": (out, in, kh, kw), "0.bias": (out,), …}``, views of `flat`.

    Raises HyperpipeError where the length is not the architecture's.
    """
    if flat.shape != (architecture.size,):
        raise HyperpipeError(
            f"weights of shape {flat.shape} do not fit architecture {architecture}: it has ({architecture.size},)"
        )
    arrays = {}
    for layer in architecture.layers:
        arrays[f"{layer.index}.weight"] = flat[layer.weight].reshape(layer.shape)
        arrays[f"{layer.index}.bias"] = flat[layer.bias]
    return arrays


def from_arrays(arrays: dict[str, np.ndarray], architecture: Architecture) -> np.ndarray:
    """The flat vector [P] float32 of named arrays; the inverse of `to_arrays`.

    Raises HyperpipeError where a name is missing, left over or of another shape.
    """
    expected = {n: a.shape for n, a in to_arrays(np.empty(architecture.size, np.float32), architecture).items()}
    found = {name: tuple(np.shape(array)) for name, array in arrays.items()}
    if found != expected:
        wrong = sorted(n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n))
        raise HyperpipeError(f"weights do not fit architecture {architecture}: {', '.join(wrong[:4])}")
    return np.concatenate([np.asarray(arrays[name], np.float32).ravel() for name in expected])


def to_module(flat: np.ndarray, architecture: Architecture, activation: Activation) -> nn.Sequential:
    """An ordinary nn.Sequential [B, C, 28, 28] → [B, K] with these weights [P] and the released module indices."""
    import torch
    from torch import nn

    act = {"tanh": nn.Tanh, "gelu": nn.GELU, "relu": nn.ReLU}[activation]
    c1, c2, c3 = architecture.channels
    network = nn.Sequential(
        *(nn.Conv2d(architecture.in_channels, c1, 5), nn.MaxPool2d(2), act()),
        *(nn.Conv2d(c1, c2, 5), nn.MaxPool2d(2), act()),
        *(nn.Conv2d(c2, c3, 2), act(), nn.Flatten()),
        *(nn.Linear(9 * c3, architecture.hidden), act()),
        nn.Linear(architecture.hidden, architecture.classes),
    )
    arrays = to_arrays(np.asarray(flat, np.float32), architecture)
    network.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    return network
