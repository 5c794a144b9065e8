"""Views of a network for training: its hidden units permuted, a block of its weights erased (protocol §2).

A permutation of hidden units leaves the function of the network as it is; erasing does not.
"""

from __future__ import annotations

import torch

from hyperpipe.cnn import Architecture
from hyperpipe.hyperrep.settings import HyperRep

_TRIES = 10  # of the released code, for a block that does not overrun


def draw_permutations(count: int, architecture: Architecture, generator: torch.Generator) -> list[torch.Tensor]:
    """For each layer but the last, `count` random orders of its units: [count, outputs]."""
    return [torch.rand(count, layer.outputs, generator=generator).argsort(1) for layer in architecture.layers[:-1]]


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


def view(
    flat: torch.Tensor, architecture: Architecture, settings: HyperRep, generator: torch.Generator
) -> torch.Tensor:
    """One random view of each network, [B, P] → [B, P]; every row has its own permutation and block."""
    if settings.permute:
        flat = flat.gather(1, permuted_places(draw_permutations(len(flat), architecture, generator), architecture))
    if settings.erase_probability:
        flat = flat.masked_fill(draw_blocks(*flat.shape, settings, generator), 0.0)
    return flat
