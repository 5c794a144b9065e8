"""Networks in groups of eight, each group one torch program: a convolution of a group is one grouped convolution.

Activations are [B, 8 · C, height, width] in channels-last layout, weights and Adam's moments [8, P]. No operation
crosses networks: the loss is summed over the group, so a NaN stays where it is. Groups are always filled up to eight,
with networks of zeros, and each runs on one thread, so a network's result depends neither on its neighbours nor on
the number of threads. Widths of the linear layers are padded to multiples of 16: then every network's matrix starts
on a cache line, and its rounding does not depend on its place in the group.

Measured for 8 networks on one core: 18,000 to 28,000 training images/s, against 5,000 to 7,000 of the plain loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch.nn import functional

from hyperpipe.cnn import Architecture, Layer
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.settings import Recipe

GROUP = 8
_EVALUATION_BATCH = 128
_ACTIVATIONS = {"tanh": torch.tanh, "gelu": functional.gelu, "relu": torch.relu}


class StackedBackend:
    """See `hyperpipe.zoo.backend.Backend`; up to `threads` groups are worked on at a time."""

    name = "stacked"

    def __init__(
        self, weights: np.ndarray, architecture: Architecture, recipe: Recipe, images: ImageSet, threads: int = 1
    ) -> None:
        self.models, self.threads = len(weights), threads
        pixels = {name: torch.from_numpy(split.images) for name, split in images.splits.items()}
        labels = {name: torch.from_numpy(split.labels) for name, split in images.splits.items()}
        mean, std = (torch.tensor(v).view(-1, 1, 1) for v in (images.mean, images.std))
        self.groups = [
            _Group(rows, architecture, recipe, pixels, labels, mean, std)
            for rows in self._grouped(np.asarray(weights, np.float32))
        ]

    def train_epoch(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = self._grouped(orders)
        return self._each(lambda group, g: group.train_epoch(rows[g]))

    def evaluate(self, splits: Sequence[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {split: self._each(lambda group, g, split=split: group.evaluate(split)) for split in splits}

    def weights(self) -> np.ndarray:
        return torch.cat([group.flat for group in self.groups])[: self.models].numpy().copy()

    def gradients(self, indices: np.ndarray) -> np.ndarray:
        """Of the mean loss on one batch, [M, P]; indices [M, B] of training images. For parity tests."""
        pairs = zip(self.groups, self._grouped(indices), strict=True)
        found = [group.gradient(*group.batch("train", rows.T))[0] for group, rows in pairs]
        return torch.cat(found)[: self.models].numpy()

    def _grouped(self, rows: np.ndarray) -> torch.Tensor:
        """[M, n] → [groups, GROUP, n], filled up with zeros."""
        return torch.from_numpy(np.pad(rows, ((0, -self.models % GROUP), (0, 0)))).view(-1, GROUP, rows.shape[1])

    def _each(self, work: Callable[[_Group, int], tuple[torch.Tensor, torch.Tensor]]) -> tuple[np.ndarray, np.ndarray]:
        """Loss and accuracy [M] from every group's [GROUP] tensors; one thread a group."""

        def alone(g: int) -> tuple[torch.Tensor, torch.Tensor]:
            torch.set_num_threads(1)
            return work(self.groups[g], g)

        with ThreadPoolExecutor(self.threads) as pool:
            losses, accuracies = zip(*pool.map(alone, range(len(self.groups))), strict=True)
        return torch.cat(losses)[: self.models].numpy(), torch.cat(accuracies)[: self.models].numpy()


class _Group:
    """GROUP networks; flat: their weights [GROUP, P], updated in place."""

    def __init__(
        self,
        flat: torch.Tensor,
        architecture: Architecture,
        recipe: Recipe,
        pixels: dict[str, torch.Tensor],
        labels: dict[str, torch.Tensor],
        mean: torch.Tensor,
        std: torch.Tensor,
    ) -> None:
        self.flat, self.architecture, self.recipe = flat, architecture, recipe
        self.pixels, self.labels, self.mean, self.std = pixels, labels, mean, std
        self.first, self.second, self.step = torch.zeros_like(flat), torch.zeros_like(flat), 0

    def batch(self, split: str, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Normalised images [B, n · C, 28, 28] and labels [B, n] for the indices [B, n] of n networks."""
        pixels = self.pixels[split][indices.flatten()].to(torch.float32).div_(255).sub_(self.mean).div_(self.std)
        stacked = pixels.view(len(indices), -1, *pixels.shape[2:])
        return stacked.contiguous(memory_format=torch.channels_last), self.labels[split][indices]

    def train_epoch(self, orders: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        loss, correct = torch.zeros(GROUP, dtype=torch.float64), torch.zeros(GROUP, dtype=torch.float64)
        for indices in orders.T.split(self.recipe.batch_size):
            gradient, losses, hits = self.gradient(*self.batch("train", indices))
            self.update(gradient)
            loss += losses
            correct += hits
        return loss / orders.shape[1], correct / orders.shape[1]

    @torch.no_grad()
    def evaluate(self, split: str) -> tuple[torch.Tensor, torch.Tensor]:
        loss, correct = torch.zeros(GROUP, dtype=torch.float64), torch.zeros(GROUP, dtype=torch.float64)
        count = len(self.labels[split])
        for indices in torch.arange(count).split(_EVALUATION_BATCH):
            x, labels = self.batch(split, indices[:, None])  # one image for all networks: repeated, not fetched again
            x = x.repeat(1, GROUP, 1, 1).contiguous(memory_format=torch.channels_last)
            logits = self.forward(self.flat, x)
            loss += _losses(logits, labels.expand(-1, GROUP)).sum(0, dtype=torch.float64)
            correct += _hits(logits, labels)
        return loss / count, correct / count

    def gradient(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Gradient [GROUP, P] of each network's mean loss, and summed losses and hits [GROUP], on one batch."""
        flat = self.flat.detach().requires_grad_()
        logits = self.forward(flat, x)
        losses = _losses(logits, y)
        (gradient,) = torch.autograd.grad(losses.mean(0).sum(), flat)
        return gradient, losses.detach().sum(0, dtype=torch.float64), _hits(logits, y)

    def update(self, gradient: torch.Tensor) -> None:
        """Adam with coupled weight decay (torch.optim.Adam takes 3 s to construct and does the same)."""
        recipe, self.step = self.recipe, self.step + 1
        if recipe.weight_decay:
            gradient = gradient.add(self.flat, alpha=recipe.weight_decay)
        self.first.lerp_(gradient, 1 - recipe.beta1)
        self.second.mul_(recipe.beta2).addcmul_(gradient, gradient, value=1 - recipe.beta2)
        root = (1 - recipe.beta2**self.step) ** 0.5
        denominator = self.second.sqrt().div_(root).add_(recipe.epsilon)
        self.flat.addcdiv_(self.first, denominator, value=-recipe.learning_rate / (1 - recipe.beta1**self.step))

    def forward(self, flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Logits [B, GROUP, K] of images [B, GROUP · C, 28, 28]."""
        activation = _ACTIVATIONS[self.recipe.activation]
        *convolutions, hidden, last = self.architecture.layers
        for layer in convolutions:
            kernel = flat[:, layer.weight].reshape(-1, *layer.shape[1:]).contiguous(memory_format=torch.channels_last)
            x = functional.conv2d(x, kernel, flat[:, layer.bias].flatten(), groups=GROUP)
            x = activation(functional.max_pool2d(x, 2) if layer.kernel == 5 else x)
        # From the units' planes [B, GROUP · C, 3, 3] to one row a network, channel-major as nn.Flatten does it.
        x = x.contiguous().view(len(x), GROUP, -1).transpose(0, 1)
        x = activation(_linear(flat, hidden, x))
        return _linear(flat, last, x).transpose(0, 1)


def _linear(flat: torch.Tensor, layer: Layer, x: torch.Tensor) -> torch.Tensor:
    """[GROUP, B, in] → [GROUP, B, out]."""
    more, rows = -layer.inputs % 16, -layer.outputs % 16
    weight = functional.pad(flat[:, layer.weight].unflatten(1, layer.shape), (0, more, 0, rows))
    bias = functional.pad(flat[:, layer.bias], (0, rows))[:, None]
    return torch.baddbmm(bias, functional.pad(x, (0, more)), weight.mT)[:, :, : layer.outputs]


def _losses(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy [B, GROUP]."""
    return -logits.log_softmax(-1).gather(-1, labels[..., None])[..., 0]


def _hits(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Number of right predictions [GROUP]; none where a logit is NaN."""
    return ((logits.argmax(-1) == labels) & ~logits.isnan().any(-1)).sum(0, dtype=torch.float64)
