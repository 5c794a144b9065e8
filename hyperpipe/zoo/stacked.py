"""Networks in groups, each group one torch program: a convolution of a group is one grouped convolution.

Activations are [B, G · C, height, width], weights and Adam's moments [G, P] for a group of G. No operation crosses
networks: the loss is summed over the group, so a NaN stays where it is. Groups are always filled up, with networks of
zeros, and each runs on one thread, so a network's result depends neither on its neighbours nor on the number of
threads. Widths of the linear layers are padded to multiples of 16: then every network's matrix starts on a cache line,
and its rounding does not depend on its place in the group.

On CUDA the images lie on the device, a step is captured once and launched as a whole, and nothing goes back to the
host before the epoch ends.

Measured for 8 networks on one core: 18,000 to 28,000 training images/s, against 5,000 to 7,000 of the plain loop. Not
measured on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch.nn import functional

from hyperpipe.cnn import Architecture, Layer
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.captured import Captured
from hyperpipe.zoo.settings import Recipe

GROUP = {"cpu": 8, "cuda": 32}
_LAYOUT = {"cpu": torch.channels_last, "cuda": torch.contiguous_format}
_EVALUATION_BATCH = 128
_ACTIVATIONS = {"tanh": torch.tanh, "gelu": functional.gelu, "relu": torch.relu}


class StackedBackend:
    """See `hyperpipe.zoo.backend.Backend`; up to `threads` groups are worked on at a time, on CUDA one."""

    def __init__(
        self,
        weights: np.ndarray,
        architecture: Architecture,
        recipe: Recipe,
        images: ImageSet,
        threads: int = 1,
        device: str = "cpu",
    ) -> None:
        self.models, self.device, self.group = len(weights), device, GROUP[device]
        self.threads = threads if device == "cpu" else 1
        data = _Data(images, device)
        groups = self._grouped(np.asarray(weights, np.float32))
        self.groups = [_Group(rows.clone(), architecture, recipe, data) for rows in groups]

    def train_epoch(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = self._grouped(orders)
        return self._each(lambda group, g: group.train_epoch(rows[g]))

    def evaluate(self, splits: Sequence[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {split: self._each(lambda group, g, split=split: group.evaluate(split)) for split in splits}

    def predictions(self, split: str) -> np.ndarray:
        """Classes [M, N] that the networks choose for the images of a split; -1 where a logit is NaN."""
        torch.set_num_threads(self.threads)
        with _exactly():
            found = torch.cat([group.predictions(split) for group in self.groups])
        return found[: self.models].numpy(force=True)

    def weights(self) -> np.ndarray:
        return torch.cat([group.flat for group in self.groups])[: self.models].numpy(force=True).copy()

    def gradients(self, indices: np.ndarray) -> np.ndarray:
        """Of the mean loss on one batch, [M, P]; indices [M, B] of training images. For parity tests."""
        pairs = zip(self.groups, self._grouped(indices), strict=True)
        with _exactly():
            found = [group.gradient(*group.batch("train", rows.T))[0] for group, rows in pairs]
        return torch.cat(found)[: self.models].numpy(force=True)

    def _grouped(self, rows: np.ndarray) -> torch.Tensor:
        """[M, n] → [groups, G, n] on the device, filled up with zeros."""
        filled = torch.from_numpy(np.pad(rows, ((0, -self.models % self.group), (0, 0))))
        return filled.to(self.device).view(-1, self.group, rows.shape[1])

    def _each(self, work: Callable[[_Group, int], torch.Tensor]) -> tuple[np.ndarray, np.ndarray]:
        """Loss and accuracy [M] from every group's [2, G]; one thread a group."""

        def alone(g: int) -> torch.Tensor:
            torch.set_num_threads(1)
            return work(self.groups[g], g)

        with ThreadPoolExecutor(self.threads) as pool, _exactly():
            means = torch.cat(list(pool.map(alone, range(len(self.groups)))), dim=1)
        loss, accuracy = means[:, : self.models].numpy(force=True)
        return loss, accuracy


class _Data:
    """Images as networks see them and their labels, all on one device."""

    def __init__(self, images: ImageSet, device: str) -> None:
        self.pixels = {name: torch.from_numpy(split.images).to(device) for name, split in images.splits.items()}
        self.labels = {name: torch.from_numpy(split.labels).to(device) for name, split in images.splits.items()}
        self.mean, self.std = (torch.tensor(v, device=device).view(-1, 1, 1) for v in (images.mean, images.std))


class _Group:
    """G networks; flat: their weights [G, P], updated in place."""

    def __init__(self, flat: torch.Tensor, architecture: Architecture, recipe: Recipe, data: _Data) -> None:
        self.flat, self.architecture, self.recipe, self.data = flat, architecture, recipe, data
        self.layout = _LAYOUT[flat.device.type]
        self.first, self.second = torch.zeros_like(flat), torch.zeros_like(flat)
        self.betas = torch.tensor([recipe.beta1, recipe.beta2], dtype=torch.float64, device=flat.device)
        self.powers = torch.ones_like(self.betas)  # of the betas, to the number of steps
        self.sums = self.betas.new_zeros(2, len(flat))  # losses and hits of an epoch
        self.do_step = Captured(self.step) if flat.is_cuda else self.step

    def batch(self, split: str, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Normalised images [B, n · C, 28, 28] and labels [B, n] for the indices [B, n] of n networks."""
        data = self.data
        pixels = data.pixels[split][indices.flatten()].to(torch.float32).div_(255).sub_(data.mean).div_(data.std)
        stacked = pixels.view(len(indices), -1, *pixels.shape[2:])
        return stacked.contiguous(memory_format=self.layout), data.labels[split][indices]

    def train_epoch(self, orders: torch.Tensor) -> torch.Tensor:
        """Loss and accuracy [2, G]; orders [G, N]."""
        self.sums.zero_()
        for indices in orders.T.split(self.recipe.batch_size):
            self.do_step(indices)
        return self.sums / orders.shape[1]

    def step(self, indices: torch.Tensor) -> None:
        gradient, losses, hits = self.gradient(*self.batch("train", indices))
        self.update(gradient)
        self.sums += torch.stack([losses, hits])

    @torch.no_grad()
    def evaluate(self, split: str) -> torch.Tensor:
        """Loss and accuracy [2, G]."""
        sums, count = torch.zeros_like(self.sums), len(self.data.labels[split])
        for logits, labels in self._logits(split):
            losses = _losses(logits, labels.expand(-1, len(self.flat))).sum(0, dtype=torch.float64)
            sums += torch.stack([losses, _hits(logits, labels)])
        return sums / count

    @torch.no_grad()
    def predictions(self, split: str) -> torch.Tensor:
        """[G, N]."""
        batches = [logits.argmax(-1).masked_fill(logits.isnan().any(-1), -1) for logits, _ in self._logits(split)]
        return torch.cat(batches).to(torch.int16).T

    def _logits(self, split: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Logits [B, G, K] and labels [B, 1] of a split, batch after batch."""
        for indices in torch.arange(len(self.data.labels[split]), device=self.flat.device).split(_EVALUATION_BATCH):
            x, labels = self.batch(split, indices[:, None])  # one image for all networks: repeated, not fetched again
            x = x.repeat(1, len(self.flat), 1, 1).contiguous(memory_format=self.layout)
            yield self.forward(self.flat, x), labels

    def gradient(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Gradient [G, P] of each network's mean loss, and summed losses and hits [G], on one batch."""
        flat = self.flat.detach().requires_grad_()
        logits = self.forward(flat, x)
        losses = _losses(logits, y)
        (gradient,) = torch.autograd.grad(losses.mean(0).sum(), flat)
        return gradient, losses.detach().sum(0, dtype=torch.float64), _hits(logits, y)

    def update(self, gradient: torch.Tensor) -> None:
        """Adam with coupled weight decay (torch.optim.Adam takes 3 s to construct and does the same)."""
        recipe = self.recipe
        if recipe.weight_decay:
            gradient = gradient.add(self.flat, alpha=recipe.weight_decay)
        self.first.lerp_(gradient, 1 - recipe.beta1)
        self.second.mul_(recipe.beta2).addcmul_(gradient, gradient, value=1 - recipe.beta2)
        correction1, correction2 = 1 - self.powers.mul_(self.betas)
        denominator = self.second.sqrt().div_(correction2.sqrt()).add_(recipe.epsilon)
        self.flat.sub_(self.first.div(denominator).mul_(recipe.learning_rate / correction1))

    def forward(self, flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Logits [B, G, K] of images [B, G · C, 28, 28]."""
        activation = _ACTIVATIONS[self.recipe.activation]
        *convolutions, hidden, last = self.architecture.layers
        for layer in convolutions:
            kernel = flat[:, layer.weight].reshape(-1, *layer.shape[1:]).contiguous(memory_format=self.layout)
            x = functional.conv2d(x, kernel, flat[:, layer.bias].flatten(), groups=len(flat))
            x = activation(functional.max_pool2d(x, 2) if layer.kernel == 5 else x)
        # From the units' planes [B, G · C, 3, 3] to one row a network, channel-major as nn.Flatten does it.
        x = x.contiguous().view(len(x), len(flat), -1).transpose(0, 1)
        x = activation(_linear(flat, hidden, x))
        return _linear(flat, last, x).transpose(0, 1)


def _linear(flat: torch.Tensor, layer: Layer, x: torch.Tensor) -> torch.Tensor:
    """[G, B, in] → [G, B, out]."""
    more, rows = -layer.inputs % 16, -layer.outputs % 16
    weight = functional.pad(flat[:, layer.weight].unflatten(1, layer.shape), (0, more, 0, rows))
    bias = functional.pad(flat[:, layer.bias], (0, rows))[:, None]
    return torch.baddbmm(bias, functional.pad(x, (0, more)), weight.mT)[:, :, : layer.outputs]


def _losses(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy [B, G]."""
    return -logits.log_softmax(-1).gather(-1, labels[..., None])[..., 0]


def _hits(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Number of right predictions [G]; none where a logit is NaN."""
    return ((logits.argmax(-1) == labels) & ~logits.isnan().any(-1)).sum(0, dtype=torch.float64)


def _exactly() -> AbstractContextManager[None]:
    """On CUDA: float32 itself, not TF32, and algorithms that give the same bits every time."""
    return torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
