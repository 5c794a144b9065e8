"""A trained hyper-representation and its embeddings in their stores."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from hyperpipe.cnn import Architecture, architecture_from
from hyperpipe.hyperrep.autoencoder import Autoencoder
from hyperpipe.hyperrep.settings import HyperRep, Loss
from hyperpipe.hyperrep.train import Checkpoint
from hyperpipe.store import read_store, write_store


@dataclass(frozen=True)
class HyperRepresentation:
    """The autoencoder of a zoo at its checkpoints; settings.selection says which one encodes and decodes."""

    zoo: str
    loss: Loss
    architecture: Architecture
    settings: HyperRep
    checkpoints: dict[str, Checkpoint]

    @property
    def selected(self) -> Checkpoint:
        return self.checkpoints[self.settings.selection]

    @torch.no_grad()
    def encode(self, weights: np.ndarray) -> np.ndarray:
        """float32 [R, P] → latents [R, D] in (-1, 1)."""
        return self._autoencoder.encode(torch.from_numpy(weights)).numpy()

    @torch.no_grad()
    def decode(self, latents: np.ndarray) -> np.ndarray:
        """float32 [R, D] → weights [R, P]."""
        return self._autoencoder.decode(torch.from_numpy(latents)).numpy()

    @cached_property
    def _autoencoder(self) -> Autoencoder:
        with torch.random.fork_rng(devices=[]):
            autoencoder = Autoencoder(self.architecture, self.settings)
        state = {name: torch.from_numpy(array) for name, array in self.selected.state.items()}
        autoencoder.load_state_dict(state)
        return autoencoder.eval()


@dataclass(frozen=True)
class Embeddings:
    """latents float32 [R, D] of networks (seeds) at epochs, int64 [R]."""

    latents: np.ndarray
    networks: np.ndarray
    epochs: np.ndarray


def write_hyperrep(path: str | Path, trained: HyperRepresentation) -> None:
    datasets = {
        f"{name}/{tensor}": array
        for name, checkpoint in trained.checkpoints.items()
        for tensor, array in checkpoint.state.items()
    }
    attrs = {
        "zoo": trained.zoo,
        "loss": trained.loss,
        "architecture": asdict(trained.architecture),
        "settings": trained.settings.model_dump(),
        "checkpoints": {name: checkpoint.epoch for name, checkpoint in trained.checkpoints.items()},
    }
    write_store(path, "hyperrep", datasets, attrs)


def read_hyperrep(path: str | Path) -> HyperRepresentation:
    """Raises HyperpipeError where the store is missing, damaged or no hyper-representation."""
    store = read_store(path, "hyperrep")
    attrs = store.attrs
    checkpoints = {
        checkpoint: Checkpoint(epoch, {name.partition("/")[2]: store[name] for name in store.under(checkpoint)})
        for checkpoint, epoch in attrs["checkpoints"].items()
    }
    settings = HyperRep.model_validate(attrs["settings"])
    return HyperRepresentation(
        attrs["zoo"], attrs["loss"], architecture_from(attrs["architecture"]), settings, checkpoints
    )


def write_embeddings(path: str | Path, embeddings: dict[str, Embeddings], trained: HyperRepresentation) -> None:
    """By split of the zoo's networks, those that the autoencoder never saw among them; by the selected checkpoint."""
    datasets = {f"{split}/{part}": array for split, rows in embeddings.items() for part, array in vars(rows).items()}
    attrs = {
        "zoo": trained.zoo,
        "loss": trained.loss,
        "selection": trained.settings.selection,
        "epoch": trained.selected.epoch,
    }
    write_store(path, "embeddings", datasets, attrs)


def read_embeddings(path: str | Path, split: str) -> Embeddings:
    """Of one split of the zoo's networks."""
    store = read_store(path, "embeddings")
    return Embeddings(*(store[f"{split}/{part}"] for part in ("latents", "networks", "epochs")))
