"""Views of a network for training: its hidden units permuted, a block of its weights erased (protocol §2).

A permutation of hidden units leaves the function of the network as it is; erasing does not.
"""

from __future__ import annotations

import math

import torch

from hyperpipe.cnn import Architecture
from hyperpipe.hyperrep.settings import HyperRep

_TRIES = 10  # of the released code, for a block that does not overrun


def draw_permutations(count: int, architecture: Architecture, generator: torch.Generator) -> list[torch.Tensor]:
    """For each layer but the last, `count` random orders of its units: [count, outputs]."""
    return [torch.rand(count, layer.outputs, generator=generator).argsort(1) for layer in architecture.layers[:-1]]


def draw_pool(count: int, architecture: Architecture, generator: torch.Generator) -> list[torch.Tensor]:
    """`count` joint permutations as the released code draws them, [count, outputs] for each layer but the last.

    Of a layer of n units it draws min(n!, count) // 4 random orders (6250, 180, 6 and 6250 of the paper's network for
    its 25,000), at least one; a joint permutation takes one of them for each layer, at random (protocol §2).
    """
    pool = []
    for layer in architecture.layers[:-1]:
        few = max(1, min(math.factorial(layer.outputs), count) // 4)
        orders = torch.rand(few, layer.outputs, generator=generator).argsort(1)
        pool.append(orders[torch.randint(few, (count,), generator=generator)])
    return pool


def permuted_places(permutations: list[torch.Tensor], architecture: Architecture) -> torch.Tensor:
    """Where each weight of the permuted networks stands in the originals: ``permuted = flat.gather(1, places)``.

    permutations: for each layer but the last [B, outputs], the old unit that stands at each new place; the rows of the
    layer and its biases move, and with them the columns of the next (9 a unit after the flatten). Integers [B, P].
    """
    count, parts = len(permutations[0]), []
    inputs = torch.arange(architecture.in_channels).expand(count, -1)
    outputs = [*permutations, torch.arange(architecture.classes).expand(count, -1)]
    for layer, rows in zip(architecture.layers, outputs, strict=True):
        width = layer.block * max(1, layer.kernel) ** 2  # numbers in a row for each unit of the layer before
        columns = (inputs[:, :, None] * width + torch.arange(width)).flatten(1)
        weight = layer.offset + rows[:, :, None] * layer.fan_in + columns[:, None, :]
        parts += [weight.flatten(1), layer.bias.start + rows]
        inputs = rows
    return torch.cat(parts, 1)


def draw_blocks(count: int, size: int, settings: HyperRep, generator: torch.Generator) -> torch.Tensor:
    """Which of `size` weights are erased in each of `count` views: bool [count, size].

    With the probability of the settings one block, its length a uniform share of the weights, its start uniform;
    drawn again where it overruns the end, ten times at the most.
    """
    least, most = settings.erase_shares
    lengths = ((least + (most - least) * torch.rand(_TRIES, count, generator=generator)) * size).long()
    starts = (torch.rand(_TRIES, count, generator=generator) * size).long()
    fits = starts + lengths <= size
    chosen = fits.long().argmax(0, keepdim=True)  # the first that fits
    start, length = starts.gather(0, chosen)[0, :, None], lengths.gather(0, chosen)[0, :, None]
    erased = fits.any(0) & (torch.rand(count, generator=generator) < settings.erase_probability)
    places = torch.arange(size)
    return erased[:, None] & (places >= start) & (places < start + length)


class Views:
    """Random views of networks of one architecture, as the settings say; every row has its own permutation and block.

    With `permutation_pool` the permutations that there are come from `generator` once, for good.
    """

    def __init__(self, architecture: Architecture, settings: HyperRep, generator: torch.Generator) -> None:
        self.architecture, self.settings = architecture, settings
        size = settings.permutation_pool if settings.permute else None
        self.pool = draw_pool(size, architecture, generator) if size else None

    def draw(self, flat: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """One view of each network [B, P], and what is to be reconstructed of it: itself, or what it was before the
        erasing (`target`)."""
        if self.settings.permute:
            flat = flat.gather(1, permuted_places(self._permutations(len(flat), generator), self.architecture))
        if not self.settings.erase_probability:
            return flat, flat
        erased = flat.masked_fill(draw_blocks(*flat.shape, self.settings, generator), 0.0)
        return erased, erased if self.settings.target == "view" else flat

    def _permutations(self, count: int, generator: torch.Generator) -> list[torch.Tensor]:
        if self.pool is None:
            return draw_permutations(count, self.architecture, generator)
        chosen = torch.randint(len(self.pool[0]), (count,), generator=generator)
        return [orders[chosen] for orders in self.pool]
