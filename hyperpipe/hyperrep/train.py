"""Training a hyper-representation (protocol §3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.augment import Views
from hyperpipe.hyperrep.autoencoder import Autoencoder, ProjectionHead
from hyperpipe.hyperrep.losses import CONTRASTS, layer_sigma, reconstruction_loss
from hyperpipe.hyperrep.settings import HyperRep, Loss
from hyperpipe.progress import Progress
from hyperpipe.randomness import torch_seed

_PARTS = ("reconstruction", "contrastive", "total")
_EVALUATION = 500  # rows at a time


@dataclass(frozen=True)
class Checkpoint:
    """After `epoch` epochs of training; state: the autoencoder's tensors by name."""

    epoch: int
    state: dict[str, np.ndarray]


@dataclass(frozen=True)
class TrainedAutoencoder:
    """checkpoints: ``best_validation`` (lowest reconstruction error on the whole validation split) and ``last``.

    history, long form: epoch, split, part (``reconstruction``, ``contrastive``, ``total``), value. Training values are
    means over the epoch's batches, validation's (reconstruction alone, no augmentation) are after it.
    """

    checkpoints: dict[str, Checkpoint]
    history: pd.DataFrame


def train_autoencoder(
    train: np.ndarray,
    validation: np.ndarray,
    architecture: Architecture,
    settings: HyperRep,
    loss: Loss,
    *,
    root_seed: int,
    purpose: str,
    threads: int = 1,
    device: str = "cpu",
) -> TrainedAutoencoder:
    """Learns an autoencoder of rows `train` [R, P], by equation 2 (``lwln``, σ of these rows) or 1 (``plain``).

    loss = β · reconstruction + (1 - β) · contrast over two views of each row; with β = 1 there is one view. Adam with
    coupled weight decay; the learning rate falls to 0.3 of itself after 10 epochs in which the training loss did not.
    The last partial batch of an epoch is dropped. Each epoch draws from its own seed, (root_seed, purpose, epoch),
    orders and views on the CPU, so that they are the same on any device; rows stay on `device` throughout.

    Raises HyperpipeError where the loss is no longer finite.
    """
    torch.set_num_threads(threads)
    rows, held_out = torch.from_numpy(train).to(device), torch.from_numpy(validation).to(device)
    sigma = layer_sigma(rows, architecture) if loss == "lwln" else torch.ones(architecture.size, device=device)
    batch = min(settings.batch_size, len(rows))
    history: list[tuple[int, str, str, float]] = []
    with torch.random.fork_rng(devices=[]), Progress(purpose, settings.epochs, "epochs") as progress:
        torch.manual_seed(torch_seed(root_seed, purpose, 0))
        autoencoder, head = Autoencoder(architecture, settings).to(device), ProjectionHead(settings).to(device)
        parameters = [*autoencoder.parameters(), *head.parameters()]
        optimiser = torch.optim.Adam(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay)
        views = Views(architecture, settings, torch.Generator().manual_seed(torch_seed(root_seed, purpose, "pool")))
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.3, patience=10)
        checkpoints: dict[str, Checkpoint] = {}
        lowest = float("inf")
        for epoch in range(1, settings.epochs + 1):
            generator = torch.Generator().manual_seed(torch_seed(root_seed, purpose, epoch))
            torch.manual_seed(generator.initial_seed())  # dropout draws from the global one
            order = torch.randperm(len(rows), generator=generator).to(device)
            sums = torch.zeros(3, dtype=torch.float64, device=device)
            starts = range(0, len(rows) - batch + 1, batch)
            for start in starts:
                parts = batch_losses(autoencoder, head, rows[order[start : start + batch]], sigma, views, generator)
                optimiser.zero_grad()
                parts[2].backward()
                optimiser.step()
                sums += torch.stack(parts).detach()
            means = sums.cpu().numpy() / len(starts)
            schedule.step(means[2])
            error = reconstruction_error(autoencoder, held_out, sigma)
            if not np.isfinite([means[2], error]).all():
                losses = f"training loss {means[2]}, validation error {error}"
                raise HyperpipeError(f"{purpose}: {losses} in epoch {epoch}; lower hyperrep.learning_rate")
            history += [(epoch, "train", part, v) for part, v in zip(_PARTS, means.tolist(), strict=True)]
            history.append((epoch, "validation", "reconstruction", error))
            if error < lowest:
                lowest, checkpoints["best_validation"] = error, _checkpoint(autoencoder, epoch)
            progress.advance(1, f"reconstruction error {means[0]:.3f}, validation {error:.3f}")
        checkpoints["last"] = _checkpoint(autoencoder, settings.epochs)
    return TrainedAutoencoder(checkpoints, pd.DataFrame(history, columns=["epoch", "split", "part", "value"]))


@torch.no_grad()
def reconstruction_error(autoencoder: Autoencoder, rows: torch.Tensor, sigma: torch.Tensor) -> float:
    """Of rows [R, P] as they are, without augmentation and dropout."""
    autoencoder.eval()
    total = sum(
        reconstruction_loss(autoencoder(part)[1], part, sigma).item() * len(part) for part in rows.split(_EVALUATION)
    )
    autoencoder.train()
    return total / len(rows)


def batch_losses(
    autoencoder: Autoencoder,
    head: ProjectionHead,
    rows: torch.Tensor,
    sigma: torch.Tensor,
    views: Views,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Reconstruction, contrastive and total loss of a batch of rows."""
    settings = views.settings
    both = rows if settings.beta == 1 else rows.repeat(2, 1)
    seen, target = views.make(both, views.draw(len(both), generator))
    latents, output = autoencoder(seen)
    reconstruction = reconstruction_loss(output, target, sigma)
    if settings.beta == 1:
        return reconstruction, torch.zeros_like(reconstruction), reconstruction
    contrastive = CONTRASTS[settings.contrast](*head(latents).chunk(2), settings.temperature)
    return reconstruction, contrastive, settings.beta * reconstruction + (1 - settings.beta) * contrastive


def _checkpoint(autoencoder: Autoencoder, epoch: int) -> Checkpoint:
    return Checkpoint(epoch, {name: tensor.cpu().numpy().copy() for name, tensor in autoencoder.state_dict().items()})
