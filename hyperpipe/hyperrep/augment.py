"""Views of a network for training: its hidden units permuted, a block of its weights erased (protocol §2).

A permutation of hidden units leaves the function of the network as it is; erasing does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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


def permuted_places(orders: list[torch.Tensor], architecture: Architecture) -> torch.Tensor:
    """Where each weight of the permuted networks stands in the originals: ``permuted = flat.gather(1, places)``.

    orders: for each layer but the last [B, outputs], the old unit that stands at each new place; the rows of the
    layer and its biases move, and with them the columns of the next (9 a unit after the flatten). Integers [B, P].
    """
    count, device, parts = len(orders[0]), orders[0].device, []
    inputs = torch.arange(architecture.in_channels, device=device).expand(count, -1)
    outputs = [*orders, torch.arange(architecture.classes, device=device).expand(count, -1)]
    for layer, rows in zip(architecture.layers, outputs, strict=True):
        width = layer.block * max(1, layer.kernel) ** 2  # numbers in a row for each unit of the layer before
        columns = (inputs[:, :, None] * width + torch.arange(width, device=device)).flatten(1)
        weight = layer.offset + rows[:, :, None] * layer.fan_in + columns[:, None, :]
        parts += [weight.flatten(1), layer.bias.start + rows]
        inputs = rows
    return torch.cat(parts, 1)


def draw_blocks(count: int, size: int, settings: HyperRep, generator: torch.Generator) -> torch.Tensor:
    """The block of `size` weights that is erased, in each of `count` views: its first place and the one after its
    last, [count, 2], the same where nothing is.

    With the probability of the settings there is one, its length a uniform share of the weights, its start uniform;
    drawn again where it overruns the end, ten times at the most.
    """
    least, most = settings.erase_shares
    lengths = ((least + (most - least) * torch.rand(_TRIES, count, generator=generator)) * size).long()
    starts = (torch.rand(_TRIES, count, generator=generator) * size).long()
    fits = starts + lengths <= size
    chosen = fits.long().argmax(0, keepdim=True)  # the first that fits
    erased = fits.any(0) & (torch.rand(count, generator=generator) < settings.erase_probability)
    start, length = starts.gather(0, chosen)[0], lengths.gather(0, chosen)[0] * erased
    return torch.stack([start, start + length], 1)


@dataclass(frozen=True)
class Draws:
    """What B views are made of, a draw for each.

    orders: for each layer but the last [B, outputs], the old unit that stands at each new place; empty where networks
    are not permuted. blocks: first erased place and the one after the last, [B, 2]; None where nothing is erased.
    """

    orders: list[torch.Tensor]
    blocks: torch.Tensor | None

    def to(self, device: torch.device) -> Draws:
        blocks = None if self.blocks is None else self.blocks.to(device)
        return Draws([order.to(device) for order in self.orders], blocks)


class Views:
    """Random views of networks of one architecture, as the settings say; every row has its own permutation and block.

    With `permutation_pool` the permutations that there are come from `generator` once, for good.
    """

    def __init__(self, architecture: Architecture, settings: HyperRep, generator: torch.Generator) -> None:
        self.architecture, self.settings = architecture, settings
        size = settings.permutation_pool if settings.permute else None
        self.pool = draw_pool(size, architecture, generator) if size else None

    def draw(self, count: int, generator: torch.Generator) -> Draws:
        """For `count` views; on the CPU, so that they are the same whatever device makes the views."""
        orders: list[torch.Tensor] = []
        if self.pool is not None:
            chosen = torch.randint(len(self.pool[0]), (count,), generator=generator)
            orders = [of_layer[chosen] for of_layer in self.pool]
        elif self.settings.permute:
            orders = draw_permutations(count, self.architecture, generator)
        if not self.settings.erase_probability:
            return Draws(orders, None)
        return Draws(orders, draw_blocks(count, self.architecture.size, self.settings, generator))

    def make(self, flat: torch.Tensor, draws: Draws) -> tuple[torch.Tensor, torch.Tensor]:
        """A view of each network [B, P], on its device, and what is to be reconstructed of it: the view itself, or
        what it was before the erasing (`target`). `hyperpipe.hyperrep.augment_reference` does the same one by one."""
        draws = draws.to(flat.device)
        permuted = flat.gather(1, permuted_places(draws.orders, self.architecture)) if draws.orders else flat
        if draws.blocks is None:
            return permuted, permuted
        places, (first, end) = torch.arange(flat.shape[1], device=flat.device), draws.blocks.T[:, :, None]
        erased = permuted.masked_fill((places >= first) & (places < end), 0.0)
        return erased, erased if self.settings.target == "view" else permuted
