"""An update of a hyper-representation as one would first write it: what `hyperpipe.hyperrep.train` does faster.

Views are made of one network at a time, attention is written out with a product each for queries, keys and values, and
each view has a forward pass of its own.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from hyperpipe.hyperrep.augment import Views
from hyperpipe.hyperrep.augment_reference import reference_view
from hyperpipe.hyperrep.autoencoder import Autoencoder, Block, Norm, ProjectionHead
from hyperpipe.hyperrep.losses import reconstruction_loss
from hyperpipe.hyperrep.tokens import from_tokens, to_tokens, token_shapes
from hyperpipe.hyperrep.train import loss_parts


def reference_losses(
    autoencoder: Autoencoder,
    head: ProjectionHead,
    rows: torch.Tensor,
    sigma: torch.Tensor,
    views: Views,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Reconstruction, contrastive and total loss of a batch of rows, as `batch_losses`."""
    settings, architecture = views.settings, views.architecture
    count = 1 if settings.beta == 1 else 2
    draws = views.draw(count * len(rows), generator)
    latents, outputs, targets = [], [], []
    for view in range(count):
        made = [
            reference_view(row.numpy(), draws, view * len(rows) + place, architecture, settings)
            for place, row in enumerate(rows)
        ]
        seen, target = (torch.from_numpy(np.stack(part)).to(rows.dtype) for part in zip(*made, strict=True))
        latent, output = reference_forward(autoencoder, seen)
        latents.append(latent)
        outputs.append(output)
        targets.append(target)
    reconstruction = reconstruction_loss(torch.cat(outputs), torch.cat(targets), sigma)
    return loss_parts(reconstruction, torch.cat(latents), head, settings)


def reference_forward(autoencoder: Autoencoder, flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents and reconstructions, as `Autoencoder.forward`, by its parameters."""
    architecture = autoencoder.architecture
    tokens = [autoencoder.compression.repeat(len(flat), 1, 1)]
    for embed, layer in zip(autoencoder.embed, to_tokens(flat, architecture), strict=True):
        tokens.append(embed(layer))
    x = torch.cat(tokens, 1) + autoencoder.encoder_positions
    for block in autoencoder.encoder:
        x = _block(block, x)
    latents = torch.tanh(autoencoder.bottleneck(x[:, 0]))
    x = autoencoder.expand(latents).reshape(len(flat), autoencoder.tokens, -1) + autoencoder.decoder_positions
    for block in autoencoder.decoder:
        x = _block(block, x)
    layers, first = [], 0
    for restore, (count, _) in zip(autoencoder.restore, token_shapes(architecture), strict=True):
        layers.append(restore(x[:, first : first + count]))
        first += count
    return latents, from_tokens(layers)


def _block(block: Block, x: torch.Tensor) -> torch.Tensor:
    dropout = block.dropout if block.training else 0.0
    normed = _norm(block.attention_norm, x)
    query, key, value = (_heads(block, linear, normed) for linear in _three(block.query_key_value))
    scores = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
    weights = functional.dropout(torch.softmax(scores, 3), dropout)
    attended = (weights @ value).transpose(1, 2).reshape(x.shape)
    x = x + functional.dropout(block.out(attended), dropout)
    return x + block.feed_forward(_norm(block.norm, x))


def _three(linear: nn.Linear) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return list(zip(linear.weight.chunk(3), linear.bias.chunk(3), strict=True))


def _heads(block: Block, linear: tuple[torch.Tensor, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    count, tokens, width = x.shape
    return functional.linear(x, *linear).reshape(count, tokens, block.heads, width // block.heads).transpose(1, 2)


def _norm(norm: Norm, x: torch.Tensor) -> torch.Tensor:
    return norm.gain * (x - x.mean(2, keepdim=True)) / (x.var(2, keepdim=True) + 1e-12).sqrt() + norm.bias
