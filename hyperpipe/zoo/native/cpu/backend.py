"""Networks in the lanes of the CPU's vector unit; the C++ beside this file does the work.

Groups are always full, the last one filled up with networks of zeros, and each is worked on by one thread, so a
network's result depends neither on its neighbours nor on the number of threads.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from hyperpipe.cnn import Architecture
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.native.arguments import adam, channel_last, checked, scale_and_shift
from hyperpipe.zoo.native.cpu.library import cpu_code
from hyperpipe.zoo.settings import Recipe

_ALIGNMENT = 64  # bytes, of the widest vector


class NativeCpu:
    """See `hyperpipe.zoo.backend.Backend`; up to `threads` groups are worked on at a time.

    Raises BuildError where it cannot be built or loaded.
    """

    def __init__(
        self, weights: np.ndarray, architecture: Architecture, recipe: Recipe, images: ImageSet, threads: int = 1
    ) -> None:
        self.code = cpu_code(architecture, recipe.activation)
        self.models, self.size, self.threads, self.recipe = len(weights), architecture.size, threads, recipe
        self.lanes = self.code.hyperpipe_lanes()
        self.images = {name: channel_last(split.images) for name, split in images.splits.items()}
        self.labels = {name: np.ascontiguousarray(split.labels, np.int64) for name, split in images.splits.items()}
        self.scale, self.shift = scale_and_shift(images)
        self.adam = adam(recipe)
        self.groups = [_aligned(self.code.hyperpipe_state_bytes()) for _ in range(-(-self.models // self.lanes))]
        for state, rows in zip(self.groups, self._grouped(np.asarray(weights, np.float32)), strict=True):
            self._weights(state)[:] = rows.T

    def train_epoch(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = orders.shape[1]
        rows = self._indices(orders)

        def work(_: int, g: int, loss: np.ndarray, correct: np.ndarray) -> None:
            arguments = *self._data("train"), rows[g], count, self.recipe.batch_size, self.adam, loss, correct
            _call(self.code.hyperpipe_train_epoch, self.groups[g], *arguments)

        losses, correct = self._each(work, [count])
        return losses[0], correct[0]

    def evaluate(self, splits: Sequence[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        counts = [len(self.labels[split]) for split in splits]

        def work(s: int, g: int, loss: np.ndarray, correct: np.ndarray) -> None:
            data = self._data(splits[s])
            _call(self.code.hyperpipe_evaluate, self.groups[g], *data, counts[s], loss, correct)

        losses, correct = self._each(work, counts)
        return {split: (losses[s], correct[s]) for s, split in enumerate(splits)}

    def weights(self) -> np.ndarray:
        return np.concatenate([self._weights(state).T for state in self.groups])[: self.models]

    def gradients(self, indices: np.ndarray) -> np.ndarray:
        """Of the mean loss on one batch, [M, P]; indices [M, B] of training images. For parity tests."""
        found = []
        for state, rows in zip(self.groups, self._indices(indices), strict=True):
            out = _aligned(self.size * self.lanes * 4)
            _call(self.code.hyperpipe_gradient, state, *self._data("train"), rows, rows.shape[1], out)
            found.append(self._weights(out).T)
        return np.concatenate(found)[: self.models]

    def _weights(self, state: np.ndarray) -> np.ndarray:
        """A view [P, lane] of the weights that a group's state begins with."""
        return state[: self.size * self.lanes * 4].view(np.float32).reshape(self.size, self.lanes)

    def _data(self, split: str) -> tuple[np.ndarray, ...]:
        return self.images[split], self.labels[split], self.scale, self.shift

    def _indices(self, indices: np.ndarray) -> np.ndarray:
        """[M, n] → int64 [groups, lanes, n]; the C++ reads where they point."""
        return np.ascontiguousarray(self._grouped(checked(indices, len(self.labels["train"]))), np.int64)

    def _grouped(self, rows: np.ndarray) -> np.ndarray:
        """[M, n] → [groups, lanes, n], filled up with zeros."""
        return np.pad(rows, ((0, -self.models % self.lanes), (0, 0))).reshape(-1, self.lanes, rows.shape[1])

    def _each(
        self, work: Callable[[int, int, np.ndarray, np.ndarray], None], counts: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean losses and accuracies [splits, M] over so many images each.

        work(split, group, loss, correct) adds to its sums [lanes]; all are worked on in one pool of threads.
        """
        sums = np.zeros((2, len(counts), len(self.groups), self.lanes))
        with ThreadPoolExecutor(self.threads) as pool:
            jobs = [pool.submit(work, s, g, *sums[:, s, g]) for s, g in np.ndindex(*sums.shape[1:3])]
        for job in jobs:
            job.result()
        losses, correct = sums.reshape(2, len(counts), -1)[:, :, : self.models] / np.array(counts)[:, None]
        return losses, correct


def _call(function: Callable[..., None], *arguments: np.ndarray | int) -> None:
    """Arrays go as pointers, numbers as int64. The interpreter's lock is free meanwhile."""
    function(*(ctypes.c_int64(a) if isinstance(a, int) else ctypes.c_void_p(a.ctypes.data) for a in arguments))


def _aligned(size: int) -> np.ndarray:
    """Bytes of zeros that begin at a multiple of a vector."""
    room = np.zeros(size + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    return room[start : start + size]
