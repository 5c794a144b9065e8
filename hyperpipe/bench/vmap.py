"""What torch offers by itself for a population: the gradient of one network's loss, vmapped over the networks."""

from __future__ import annotations

import numpy as np
import torch
from torch.func import functional_call, grad_and_value, vmap
from torch.nn.functional import cross_entropy

from hyperpipe.cnn import Architecture, to_arrays, to_module
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.settings import Recipe


class VmapBackend:
    """Trains as a `hyperpipe.zoo.backend.Backend` does; a yardstick, so it does nothing else."""

    def __init__(
        self, weights: np.ndarray, architecture: Architecture, recipe: Recipe, images: ImageSet, threads: int = 1
    ) -> None:
        torch.set_num_threads(threads)
        self.recipe, self.images = recipe, images
        module = to_module(weights[0], architecture, recipe.activation)
        named = [to_arrays(row, architecture) for row in weights]
        self.parameters = {name: torch.from_numpy(np.stack([row[name] for row in named])) for name in named[0]}
        self.first, self.second = ({n: torch.zeros_like(p) for n, p in self.parameters.items()} for _ in range(2))
        self.step = 0

        def loss(parameters: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return cross_entropy(functional_call(module, parameters, (x,)), y)

        self.gradients = vmap(grad_and_value(loss))

    def train_epoch(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean loss [M]; accuracies are left out."""
        total, size = torch.zeros(len(orders)), self.recipe.batch_size
        for start in range(0, orders.shape[1], size):
            indices = orders[:, start : start + size]
            x = torch.from_numpy(self.images.normalised("train", indices.ravel())).unflatten(0, indices.shape)
            gradients, losses = self.gradients(
                self.parameters, x, torch.from_numpy(self.images.splits["train"].labels[indices])
            )
            self._update(gradients)
            total += losses * indices.shape[1]
        return (total / orders.shape[1]).numpy(), np.full(len(orders), np.nan)

    def _update(self, gradients: dict[str, torch.Tensor]) -> None:
        recipe, self.step = self.recipe, self.step + 1
        root = (1 - recipe.beta2**self.step) ** 0.5
        for name, gradient in gradients.items():
            first, second = self.first[name], self.second[name]
            first.lerp_(gradient, 1 - recipe.beta1)
            second.mul_(recipe.beta2).addcmul_(gradient, gradient, value=1 - recipe.beta2)
            denominator = second.sqrt().div_(root).add_(recipe.epsilon)
            rate = recipe.learning_rate / (1 - recipe.beta1**self.step)
            self.parameters[name].addcdiv_(first, denominator, value=-rate)
