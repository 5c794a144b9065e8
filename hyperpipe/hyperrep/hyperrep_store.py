"""A trained hyper-representation and its embeddings in their stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from hyperpipe.cnn import Architecture, architecture_from
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.autoencoder import ROWS_AT_ONCE, Autoencoder
from hyperpipe.hyperrep.checkpoint import Checkpoint
from hyperpipe.hyperrep.precision import products
from hyperpipe.hyperrep.settings import AutoencoderName, HyperRep, Selection
from hyperpipe.store import read_store, write_store
from hyperpipe.validation import validated


@dataclass(frozen=True)
class HyperRepresentation:
    """The autoencoder of a zoo at its checkpoints, ``best_validation`` and ``last``."""

    zoo: str
    name: AutoencoderName
    architecture: Architecture
    settings: HyperRep
    checkpoints: dict[Selection, Checkpoint]

    def encode(self, weights: np.ndarray, selection: Selection, device: str = "cpu") -> np.ndarray:
        """float32 [R, P] → latents [R, D] in (-1, 1), by the checkpoint that is named, computed on `device`.

        Raises HyperpipeError where the networks have as many weights as no network of this architecture.
        """
        self._refuse_others("networks", weights, self.architecture.size)
        return _in_parts(self.autoencoder(selection).to(device).encode, weights, device)

    def decode(self, latents: np.ndarray, selection: Selection, device: str = "cpu") -> np.ndarray:
        """float32 [R, D] → weights [R, P], as `encode`. Raises HyperpipeError for another D."""
        self._refuse_others("latents", latents, self.settings.latent)
        return _in_parts(self.autoencoder(selection).to(device).decode, latents, device)

    def _refuse_others(self, what: str, rows: np.ndarray, size: int) -> None:
        if rows.shape[1:] != (size,):
            said = f"{what} of shape {list(rows.shape)} where it takes [any number, {size}]"
            said += f", from {self.architecture}" if what == "networks" else ""
            raise HyperpipeError(
                f"hyper-representation of zoo {self.zoo}: {said}; use one that was learnt of their zoo"
            )

    def autoencoder(self, selection: Selection) -> Autoencoder:
        """Without dropout."""
        with torch.device("meta"):  # nothing is drawn for what is then replaced
            autoencoder = Autoencoder(self.architecture, self.settings)
        state = {name: torch.from_numpy(array) for name, array in self.checkpoints[selection].state.items()}
        autoencoder.load_state_dict(state, assign=True)
        return autoencoder.eval()


@torch.no_grad()
def _in_parts(function: Callable[[torch.Tensor], torch.Tensor], rows: np.ndarray, device: str) -> np.ndarray:
    with products("float32", torch.device(device)):
        parts = [function(part.to(device)).cpu() for part in torch.from_numpy(rows).split(ROWS_AT_ONCE)]
    return torch.cat(parts).numpy()


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
        "name": trained.name,
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
    settings = validated(HyperRep, attrs["settings"], str(path))
    return HyperRepresentation(
        attrs["zoo"], attrs["name"], architecture_from(attrs["architecture"]), settings, checkpoints
    )


def write_embeddings(
    path: str | Path, zoo: str, name: AutoencoderName, embeddings: dict[Selection, dict[str, Embeddings]]
) -> None:
    """By checkpoint, and by split of the zoo's networks, those that the autoencoder never saw among them."""
    datasets = {
        f"{selection}/{split}/{part}": array
        for selection, by_split in embeddings.items()
        for split, rows in by_split.items()
        for part, array in vars(rows).items()
    }
    write_store(path, "embeddings", datasets, {"zoo": zoo, "name": name})


def read_embeddings(path: str | Path, selection: Selection, split: str) -> Embeddings:
    """Of one split of the zoo's networks, by the checkpoint that is named."""
    store = read_store(path, "embeddings")
    return Embeddings(*(store[f"{selection}/{split}/{part}"] for part in ("latents", "networks", "epochs")))
