"""The transformer autoencoder over the neurons of a network (paper, section 2; protocol §3.1)."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional

from hyperpipe.cnn import Architecture
from hyperpipe.hyperrep.precision import full_precision
from hyperpipe.hyperrep.settings import HyperRep
from hyperpipe.hyperrep.tokens import from_tokens, to_tokens, token_shapes

ROWS_AT_ONCE = 500  # where there is no gradient; what a row's tokens become in a block takes 3 MB at the released size


class Autoencoder(nn.Module):
    """Weights [B, P] → latents [B, D] in (-1, 1) → weights [B, P].

    Encoder: each layer's tokens through a Linear of its own, a learned compression token before them, learned
    positions, pre-norm transformer blocks; the compression token's output through a Linear and tanh is the latent.
    Decoder: a Linear to T tokens, positions, blocks, each layer's Linear back. No norm after the blocks.
    """

    def __init__(self, architecture: Architecture, settings: HyperRep) -> None:
        super().__init__()
        self.architecture = architecture
        shapes, width = token_shapes(architecture), settings.width
        self.tokens = sum(count for count, _ in shapes)
        self.embed = nn.ModuleList(nn.Linear(size, width) for _, size in shapes)
        self.compression = nn.Parameter(torch.randn(1, 1, width))
        self.encoder_positions = nn.Parameter(torch.randn(1, self.tokens + 1, width))
        self.encoder = nn.Sequential(*(Block(settings) for _ in range(settings.encoder_blocks)))
        self.bottleneck = nn.Linear(width, settings.latent)
        self.expand = nn.Linear(settings.latent, self.tokens * width)
        self.decoder_positions = nn.Parameter(torch.randn(1, self.tokens, width))
        self.decoder = nn.Sequential(*(Block(settings) for _ in range(settings.decoder_blocks)))
        self.restore = nn.ModuleList(nn.Linear(width, size) for _, size in shapes)

    def encode(self, flat: torch.Tensor) -> torch.Tensor:
        tokens = zip(self.embed, to_tokens(flat, self.architecture), strict=True)
        embedded = [self.compression.expand(len(flat), -1, -1), *(embed(layer) for embed, layer in tokens)]
        x = self.encoder(torch.cat(embedded, 1) + self.encoder_positions)[:, 0]
        with full_precision(x.device):  # networks differ little at first, rounded latents less than by the rounding
            return self.bottleneck(x).tanh()

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        tokens = self.decoder(self.expand(latents).unflatten(1, (self.tokens, -1)) + self.decoder_positions)
        layers = tokens.split([count for count, _ in token_shapes(self.architecture)], 1)
        return from_tokens([restore(layer) for restore, layer in zip(self.restore, layers, strict=True)])

    def forward(self, flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents and reconstructions."""
        latents = self.encode(flat)
        return latents, self.decode(latents)


class Block(nn.Module):
    """x + attention(norm(x)), then x + feed-forward(norm(x)); dropout on attention weights and on both branches."""

    def __init__(self, settings: HyperRep) -> None:
        super().__init__()
        width = settings.width
        self.heads, self.dropout = settings.heads, settings.dropout
        self.attention_norm, self.norm = Norm(width), Norm(width)
        self.query_key_value, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, settings.feed_forward),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.feed_forward, width),
            nn.Dropout(settings.dropout),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        dropout = self.dropout if self.training else 0.0
        attended = attention(self.query_key_value(self.attention_norm(x)), self.heads, dropout)
        x = x + functional.dropout(self.out(attended), dropout)
        return x + self.feed_forward(self.norm(x))


def attention(query_key_value: torch.Tensor, heads: int, dropout: float) -> torch.Tensor:
    """softmax(query keyᵀ / √(d / heads)) value of every head, [B, T, 3 d] → [B, T, d]; dropout on the weights.

    Fused on CUDA. torch's fused kernel for CPUs is made for long sequences: at 48 tokens and in bfloat16 its backward
    pass takes five times as long as products of all heads at once (`docs/performance.md`).
    """
    parts = query_key_value.unflatten(2, (3, heads, -1)).permute(2, 0, 3, 1, 4)  # 3, B, heads, T, d / heads
    if query_key_value.is_cuda:
        attended = functional.scaled_dot_product_attention(*parts, dropout_p=dropout)
    else:
        query, key, value = parts.flatten(1, 2)
        weights = (torch.bmm(query, key.transpose(1, 2)) * query.shape[-1] ** -0.5).softmax(-1)
        attended = torch.bmm(functional.dropout(weights, dropout), value).unflatten(0, (-1, heads))
    return attended.transpose(1, 2).flatten(2)


class Norm(nn.Module):
    """Layer norm with the unbiased standard deviation, as released: smaller than torch's by sqrt((d - 1) / d)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.unbiased = ((width - 1) / width) ** 0.5

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(x, x.shape[-1:], self.gain * self.unbiased, self.bias, eps=1e-12)


class ProjectionHead(nn.Sequential):
    """Latents [B, D] → [B, E] for the contrastive loss alone: hidden layers with ReLU, then batch norm.

    With `projection_norm` (the predecessor's) each hidden layer has a batch norm too, before its ReLU.
    """

    def __init__(self, settings: HyperRep) -> None:
        widths = [settings.latent] + [settings.projection_width] * settings.projection_layers
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            norm = [nn.BatchNorm1d(after)] if settings.projection_norm else []
            layers += [_kaiming(before, after), *norm, nn.ReLU()]
        outputs = settings.projection_outputs
        super().__init__(*layers, _kaiming(widths[-1], outputs), nn.BatchNorm1d(outputs))


def _kaiming(before: int, after: int) -> nn.Linear:
    linear = nn.Linear(before, after)
    nn.init.kaiming_normal_(linear.weight)
    nn.init.constant_(linear.bias, 0.01)
    return linear
