"""Autoencoders by name: those of the released configurations, and small ones for CPUs (protocol §3).

What a preset does not say is in the defaults of the settings, which are the released MNIST values.
"""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    # The released MNIST configuration where it differs from what the paper says.
    "released": {"contrast": "released", "permutation_pool": 25_000},
    # The predecessor's (Schürholt et al. 2021) for its MNIST and Fashion-MNIST zoos.
    "wsl21": {
        "width": 800,
        "heads": 4,
        "feed_forward": 900,
        "projection_norm": True,
        "permutation_pool": 25_000,
        "beta": 0.9,
        "epochs": 500,
    },
    # Some tens of networks, half a minute on a core for 44 at five epochs. It memorises them: with augmentation they
    # came out at chance after a minute, and nothing else that was tried generalised (docs/log.md).
    "small": {
        "width": 208,  # the largest token of one-channel networks has 201 numbers
        "heads": 4,
        "feed_forward": 208,
        "encoder_blocks": 1,
        "decoder_blocks": 1,
        "dropout": 0.0,
        "latent": 128,
        "permute": False,
        "erase_probability": 0.0,
        "beta": 1.0,  # reconstruction alone: without augmentation two views are the same
        "epochs": 60,
        "batch_size": 11,
        "learning_rate": 3e-3,
        "schedule": "warmup_cosine",
        "check_every": 1,
    },
    # Some hundreds of networks: 1.4 s an update on a core, 70 minutes for 300 training networks at five epochs each.
    "medium": {
        "width": 384,
        "heads": 6,
        "feed_forward": 768,
        "dropout": 0.0,
        "latent": 256,
        "epochs": 200,
        "batch_size": 100,
        "learning_rate": 5e-4,
        "check_every": 1,
    },
}
