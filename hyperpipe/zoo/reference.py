"""The plain loop: one nn.Module after the other, torch's Adam, torch's cross-entropy. Slow, and what correct means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from hyperpipe.cnn import Architecture, from_arrays, to_module
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.settings import Recipe

_EVALUATION_BATCH = 1000


class ReferenceBackend:
    """See `hyperpipe.zoo.backend.Backend`; works on one thread."""

    def __init__(
        self, weights: np.ndarray, architecture: Architecture, recipe: Recipe, images: ImageSet, threads: int = 1
    ) -> None:
        torch.set_num_threads(1)
        self.architecture, self.recipe, self.images = architecture, recipe, images
        self.networks = [to_module(row, architecture, recipe.activation) for row in weights]
        self.optimisers = [
            torch.optim.Adam(
                network.parameters(),
                lr=recipe.learning_rate,
                betas=(recipe.beta1, recipe.beta2),
                eps=recipe.epsilon,
                weight_decay=recipe.weight_decay,
            )
            for network in self.networks
        ]

    def train_epoch(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        totals = np.zeros((2, len(orders)))
        for m, (network, optimiser) in enumerate(zip(self.networks, self.optimisers, strict=True)):
            for start in range(0, orders.shape[1], self.recipe.batch_size):
                x, y = self._batch("train", orders[m, start : start + self.recipe.batch_size])
                optimiser.zero_grad()
                logits = network(x)
                loss = cross_entropy(logits, y)
                loss.backward()
                optimiser.step()
                totals[:, m] += loss.item() * len(y), _correct(logits, y)
        return totals[0] / orders.shape[1], totals[1] / orders.shape[1]

    def evaluate(self, splits: Sequence[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {split: self._evaluate(split) for split in splits}

    @torch.no_grad()
    def _evaluate(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        totals, count = np.zeros((2, len(self.networks))), len(self.images.splits[split])
        for start in range(0, count, _EVALUATION_BATCH):
            x, y = self._batch(split, np.arange(start, min(start + _EVALUATION_BATCH, count)))
            for m, network in enumerate(self.networks):
                logits = network(x)
                totals[:, m] += cross_entropy(logits, y).item() * len(y), _correct(logits, y)
        return totals[0] / count, totals[1] / count

    def weights(self) -> np.ndarray:
        return np.stack([self._flat(dict(network.named_parameters())) for network in self.networks])

    def gradients(self, indices: np.ndarray) -> np.ndarray:
        """Of the mean loss on one batch, [M, P]; indices [M, B] of training images. For parity tests."""
        rows = []
        for network, row in zip(self.networks, indices, strict=True):
            x, y = self._batch("train", row)
            names, parameters = zip(*network.named_parameters(), strict=True)
            found = torch.autograd.grad(cross_entropy(network(x), y), parameters)
            rows.append(self._flat(dict(zip(names, found, strict=True))))
        return np.stack(rows)

    def _batch(self, split: str, indices: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = self.images.normalised(split, indices), self.images.splits[split].labels[indices]
        return torch.from_numpy(x), torch.from_numpy(y)

    def _flat(self, tensors: dict[str, nn.Parameter | torch.Tensor]) -> np.ndarray:
        return from_arrays({name: tensor.detach().numpy() for name, tensor in tensors.items()}, self.architecture)


def _correct(logits: torch.Tensor, labels: torch.Tensor) -> int:
    return int(((logits.argmax(dim=1) == labels) & ~logits.isnan().any(dim=1)).sum())
