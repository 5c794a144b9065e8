"""Floating-point operations of the two trainings, as nominally counted."""

from __future__ import annotations

from hyperpipe.cnn import Architecture
from hyperpipe.hyperrep.settings import HyperRep

FORWARD = 1 / 2.4  # share of a training image's operations
_POSITIONS = 24**2, 8**2, 3**2, 1, 1  # where each layer's weights are applied


def nominal_flop(architecture: Architecture) -> float:
    """Of a training image: two for each multiply-add forward, and 1.4 times as many backward."""
    pairs = zip(architecture.layers, _POSITIONS, strict=True)
    return 2 / FORWARD * sum(layer.outputs * layer.fan_in * positions for layer, positions in pairs)


def tokens_of(architecture: Architecture) -> int:
    """How many an autoencoder sees a network as, one for each unit; without the compression token."""
    return sum(layer.outputs for layer in architecture.layers)


def views_of(settings: HyperRep) -> int:
    """In an update: two of each network, or one where there is no contrast."""
    return settings.batch_size * (1 if settings.beta == 1 else 2)


def update_flop(architecture: Architecture, settings: HyperRep) -> int:
    """Of an update's matrix products: two for each multiply-add forward, twice that backward, views having none."""
    width, tokens, numbers = settings.width, tokens_of(architecture), architecture.size

    def blocks(tokens: int, number: int) -> int:
        linear = 4 * width * width + 2 * width * settings.feed_forward
        return number * (tokens * linear + 2 * tokens * tokens * width)

    of_view = blocks(tokens + 1, settings.encoder_blocks) + blocks(tokens, settings.decoder_blocks)
    of_view += 2 * numbers * width + (1 + tokens) * width * settings.latent
    views = views_of(settings)
    if settings.beta != 1:
        hidden, outputs = settings.projection_width, settings.projection_outputs
        of_view += settings.latent * hidden + (settings.projection_layers - 1) * hidden**2 + hidden * outputs
        of_view += views * outputs if settings.contrast == "nt_xent" else 0
    return views * (6 * of_view - 2 * numbers * width)
