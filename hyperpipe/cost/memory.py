"""Memory that jobs with an autoencoder ask a cluster for, on a CPU. All others stay below what their rules ask for."""

from __future__ import annotations

import math

from hyperpipe.cnn import Architecture
from hyperpipe.cost.flop import tokens_of, views_of
from hyperpipe.hyperrep.settings import HyperRep

ROWS_AT_ONCE = 500  # as in autoencoder.py, which needs torch
_ARCHITECTURE = Architecture()


def training_megabytes(settings: HyperRep) -> int:
    """For training it: what autograd keeps of each view's tokens in each block, twice, and Adam's moments.

    At the released size with batches of 50, 200 and 350 this is 8.5, 17 and 26 GB; 4.4, 9.5 and 17.7 were used.
    """
    blocks = settings.encoder_blocks + settings.decoder_blocks
    return 4000 + math.ceil((2 * blocks * _block(settings) * views_of(settings) + 16 * parameters(settings)) / 1e6)


def reading_megabytes(settings: HyperRep) -> int:
    """For encoding and decoding with both autoencoders of a zoo at two checkpoints each, and networks beside it.

    At the released size 6.4 GB; one of them took 3.0 GB for encoding 700 networks and decoding them.
    """
    return 3000 + math.ceil((16 * parameters(settings) + ROWS_AT_ONCE * _block(settings)) / 1e6)


def parameters(settings: HyperRep) -> int:
    """Numbers in an autoencoder of one-channel networks, without its projection head."""
    width, tokens, latent = settings.width, tokens_of(_ARCHITECTURE), settings.latent
    block = 4 * width * (width + 1) + 4 * width + 2 * width * settings.feed_forward + settings.feed_forward + width
    numbers = [layer.fan_in + 1 for layer in _ARCHITECTURE.layers]
    tokenwise = sum(2 * number * width + number + width for number in numbers)
    inside = (settings.encoder_blocks + settings.decoder_blocks) * block
    ends = width + (2 * tokens + 1) * width + latent * (width + 1) + tokens * width * (latent + 1)
    return tokenwise + inside + ends


def _block(settings: HyperRep) -> int:
    """Bytes of what a block makes of a view's tokens."""
    tokens = tokens_of(_ARCHITECTURE) + 1
    return 4 * tokens * (10 * settings.width + 2 * settings.feed_forward + 3 * settings.heads * tokens)
