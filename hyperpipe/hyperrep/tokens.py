"""A network as tokens: one per neuron or kernel, its incoming weights and its bias (protocol §3.1)."""

from __future__ import annotations

import torch

from hyperpipe.cnn import Architecture


def token_shapes(architecture: Architecture) -> list[tuple[int, int]]:
    """(tokens, numbers in each) of every layer; 48 tokens of 26, 201, 25, 37 and 21 for the paper's network."""
    return [(layer.outputs, layer.fan_in + 1) for layer in architecture.layers]


def to_tokens(flat: torch.Tensor, architecture: Architecture) -> list[torch.Tensor]:
    """Flat weights [B, P] → per layer [B, outputs, fan_in + 1], the bias last."""
    return [
        torch.cat([flat[:, layer.weight].unflatten(1, (layer.outputs, layer.fan_in)), flat[:, layer.bias, None]], 2)
        for layer in architecture.layers
    ]


def from_tokens(tokens: list[torch.Tensor]) -> torch.Tensor:
    """Flat weights [B, P]; the inverse of `to_tokens`."""
    return torch.cat([part for layer in tokens for part in (layer[:, :, :-1].flatten(1), layer[:, :, -1])], 1)
