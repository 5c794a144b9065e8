"""The losses of the hyper-representation (paper, equations 1 and 2; protocol §3.2)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

from hyperpipe.cnn import Architecture

_FLOOR = 1e-4


def layer_sigma(rows: torch.Tensor, architecture: Architecture) -> torch.Tensor:
    """σ_l of each weight's layer, [P]: the unbiased standard deviation of all weights and biases of the layer over
    all training rows [R, P], 1e-4 at the least (as released; the paper writes "of all weights")."""
    sigma = torch.empty(architecture.size, device=rows.device)
    for layer in architecture.layers:
        sigma[layer.span] = rows[:, layer.span].std().clamp_min(_FLOOR)
    return sigma


def reconstruction_loss(output: torch.Tensor, target: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Mean over networks and weights of ((output - target) / σ)², both [B, P], sigma [P].

    With σ of ones it is equation 1, the plain mean squared error; with `layer_sigma` equation 2, layer-wise loss
    normalisation (LWLN): each layer's error relative to what predicting its mean costs. (Means need not be
    subtracted: they cancel.)
    """
    return ((output - target) / sigma).square().mean()


def released_contrast(first: torch.Tensor, second: torch.Tensor, temperature: float) -> torch.Tensor:
    """What the released MNIST configuration has instead: mean((cosine / T)²) / 2B over the positive pairs.

    Its least value is where the two views of a network are orthogonal, the wrong direction, and its largest 0.1 at the
    released T = 0.1 and B = 500 (protocol §3.2).
    """
    return (cosine_similarity(first, second) / temperature).square().mean() / (2 * len(first))


def nt_xent(first: torch.Tensor, second: torch.Tensor, temperature: float) -> torch.Tensor:
    """NT-Xent (Chen et al. 2020) of the projections [B, E] of two views of the same B networks.

    Each of the 2B projections has one positive, the other view of its network, and 2B - 2 negatives.
    """
    count = len(first)
    both = normalize(torch.cat([first, second]), dim=1)
    similar = both @ both.T / temperature
    similar.fill_diagonal_(float("-inf"))
    return cross_entropy(similar, (torch.arange(2 * count, device=both.device) + count) % (2 * count))


CONTRASTS: dict[str, Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]] = {
    "nt_xent": nt_xent,
    "released": released_contrast,
}
