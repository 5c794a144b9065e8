"""A network in each block of a GPU, a whole epoch in one launch; the CUDA beside this file does the work.

Images, weights and Adam's moments lie on the device. Every sum has an order of its own, so a network's result does not
depend on its neighbours. Not measured on a GPU; its parity is tested with threads of a CPU in the place of a block's.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
import torch

from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.native.arguments import adam, channel_last, checked, scale_and_shift
from hyperpipe.zoo.native.cuda.library import cuda_code
from hyperpipe.zoo.settings import Recipe


class NativeCuda:
    """See `hyperpipe.zoo.backend.Backend`. device: ``cuda``, or ``cpu`` for the stand-in, which is slow.

    Raises BuildError where it cannot be built or loaded, HyperpipeError where CUDA refuses.
    """

    def __init__(
        self,
        weights: np.ndarray,
        architecture: Architecture,
        recipe: Recipe,
        images: ImageSet,
        threads: int = 1,
        device: str = "cuda",
    ) -> None:
        self.code, self.device = cuda_code(architecture, recipe.activation, device), device
        self.models, self.recipe, self.steps = len(weights), recipe, 0
        self.pixels = {name: self._there(channel_last(split.images)) for name, split in images.splits.items()}
        self.labels = {name: self._there(split.labels, np.int64) for name, split in images.splits.items()}
        self.scale, self.shift = map(self._there, scale_and_shift(images))
        self.adam = adam(recipe)
        self.places = np.empty(architecture.size, np.int32)
        self.code.hyperpipe_places(ctypes.c_void_p(self.places.ctypes.data))
        rows = np.zeros((self.models, self.code.hyperpipe_size()), np.float32)
        rows[:, self.places] = weights
        self.state = self._there(rows)  # weights, each where the kernel has it
        self.first, self.second = torch.zeros_like(self.state), torch.zeros_like(self.state)

    def train_epoch(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count, batch = orders.shape[1], self.recipe.batch_size
        sums = torch.zeros(2, self.models, dtype=torch.float64, device=self.device)
        networks = self.state, self.first, self.second, self.models
        work = self._indices(orders), count, batch, self.adam.ctypes.data, self.steps
        self._call("hyperpipe_train_epoch", *networks, *self._data("train"), *work, *sums)
        self.steps += -(-count // batch)
        loss, accuracy = sums.numpy(force=True) / count
        return loss, accuracy

    def evaluate(self, splits: Sequence[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        sums = {split: self._evaluate(split) for split in splits}
        means = {split: sums[split].numpy(force=True) / len(self.labels[split]) for split in splits}
        return {split: (loss, accuracy) for split, (loss, accuracy) in means.items()}

    def _evaluate(self, split: str) -> torch.Tensor:
        """Sums of losses and hits [2, M], on the device; a block for each part of the images."""
        count = len(self.labels[split])
        parts = -(-count // self.code.hyperpipe_part())
        sums = torch.zeros(2, parts, self.models, dtype=torch.float64, device=self.device)
        self._call("hyperpipe_evaluate", self.state, self.models, *self._data(split), count, *sums)
        return sums.sum(1)

    def weights(self) -> np.ndarray:
        return self.state.numpy(force=True)[:, self.places]

    def gradients(self, indices: np.ndarray) -> np.ndarray:
        """Of the mean loss on one batch, [M, P]; indices [M, B] of training images. For parity tests."""
        found = torch.empty_like(self.state)
        networks, rows = (self.state, self.models), self._indices(indices)
        self._call("hyperpipe_gradient", *networks, *self._data("train"), rows, indices.shape[1], found)
        return found.numpy(force=True)[:, self.places]

    def _data(self, split: str) -> tuple[torch.Tensor, ...]:
        return self.pixels[split], self.labels[split], self.scale, self.shift

    def _indices(self, indices: np.ndarray) -> torch.Tensor:
        """int32 [M, n] on the device."""
        return self._there(checked(indices, len(self.labels["train"])), np.int32)

    def _there(self, values: np.ndarray, kind: type | None = None) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, kind)).to(self.device)

    def _call(self, name: str, *arguments: torch.Tensor | int) -> None:
        """Tensors go as pointers, numbers as int64; on torch's stream, without waiting for the end."""
        given = [a.data_ptr() if isinstance(a, torch.Tensor) else a for a in arguments]
        stream = torch.cuda.current_stream().cuda_stream if self.device == "cuda" else 0
        if error := getattr(self.code, name)(*map(ctypes.c_int64, given), ctypes.c_void_p(stream)):
            raise HyperpipeError(f"{name}: CUDA says {self.code.hyperpipe_error(error).decode()}")
