"""Training a hyper-representation (protocol §3.3)."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import torch

from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.augment import Views
from hyperpipe.hyperrep.autoencoder import Autoencoder, ProjectionHead
from hyperpipe.hyperrep.check import ALL, Check
from hyperpipe.hyperrep.checkpoint import HISTORY, Checkpoint, TrainingState, TrainingStore
from hyperpipe.hyperrep.losses import CONTRASTS, layer_sigma, reconstruction_loss
from hyperpipe.hyperrep.precision import forward_in, products, refuse_what_is_not_here
from hyperpipe.hyperrep.schedules import schedule_for
from hyperpipe.hyperrep.settings import HyperRep, Loss
from hyperpipe.progress import Progress
from hyperpipe.randomness import torch_seed

_PARTS = ("reconstruction", "contrastive", "total")


@dataclass(frozen=True)
class TrainedAutoencoder:
    """checkpoints: ``best_validation`` (lowest reconstruction error on the whole validation split) and ``last``.

    history, long form: epoch, split, quantity, layer (``all`` or one's name), value. After each epoch, of the training
    split: the losses ``reconstruction``, ``contrastive`` and ``total``, means over the epoch's updates, and the
    ``learning_rate`` of the last one. Every `check_every` epochs and after the last, of all validation rows and as many
    training rows as there are of these, drawn once, all without augmentation and dropout:

    - ``error``: the reconstruction loss.
    - ``r2``: 1 - loss / loss of predicting the mean of the training rows, of all weights and of each layer.
    - ``latent_spread``, ``latent_saturated``, ``latent_dimensions``: see `latent_statistics`.
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
    store: TrainingStore | None = None,
) -> TrainedAutoencoder:
    """Learns an autoencoder of rows `train` [R, P], by equation 2 (``lwln``, σ of these rows) or 1 (``plain``).

    loss = β · reconstruction + (1 - β) · contrast over two views of each row; with β = 1 there is one view. Adam with
    coupled weight decay. The last partial batch of an epoch is dropped. Each epoch draws from its own seed, (root_seed,
    purpose, epoch), orders and views on the CPU, so that they are the same on any device; rows stay on `device`
    throughout.

    store: where the training is saved as it goes on, and goes on from where it was stopped; on one CPU, with as many
    threads, the result is bit for bit that of a training that was never stopped. Whoever keeps the result then calls
    its `close`.

    Raises HyperpipeError where rows are fewer than a batch or no networks of this architecture, the store is of another
    training, or the loss is no longer finite; then the store still holds the last good checkpoint.
    """
    if len(train) < settings.batch_size:
        said = f"{purpose}: {len(train)} training rows are too few for a batch of {settings.batch_size}"
        raise HyperpipeError(f"{said}; lower hyperrep.batch_size")
    parts = {"training": train, "validation": validation}
    for name, part in parts.items():
        if part.shape[1:] != (architecture.size,):
            said = f"{purpose}: {name} rows of shape {list(part.shape)} are no networks of {architecture}"
            raise HyperpipeError(f"{said}, which have {architecture.size} weights")
    refuse_what_is_not_here(settings.precision, device)
    torch.set_num_threads(threads)
    store = store or TrainingStore()
    config = {"seed": root_seed, "purpose": purpose, "loss": loss}
    config |= {"architecture": asdict(architecture), "hyperrep": settings.model_dump()}
    zoo = {name: hashlib.sha256(np.ascontiguousarray(part)).hexdigest() for name, part in parts.items()}
    saved = store.open({"config": config, "zoo": zoo})
    rows, held_out = torch.from_numpy(train).to(device), torch.from_numpy(validation).to(device)
    with torch.random.fork_rng(devices=[]):
        run = _Run(rows, held_out, architecture, settings, loss, root_seed, purpose, store)
        if saved is not None:
            run.go_on_from(saved)
            print(f"{purpose}: goes on after epoch {run.epoch}, from {store.path}", file=sys.stderr, flush=True)
        with Progress(purpose, settings.epochs, "epochs", run.epoch) as progress:
            while not run.ended:
                run.train_epoch()
                if run.epoch % settings.check_every == 0 or run.epoch == settings.epochs:
                    run.check()
                if not run.ended and store.due(run.epoch):
                    store.save(run.state())
                progress.advance(1, run.said)
    if run.epoch < settings.epochs:
        print(f"{purpose}: stopped early, no lower validation error since epoch {run.best.epoch}", file=sys.stderr)
    checkpoints = {"best_validation": run.best, "last": run.checkpoint()}
    return TrainedAutoencoder(checkpoints, pd.DataFrame(run.history, columns=HISTORY))


class _Run:
    """A training under way."""

    def __init__(
        self,
        rows: torch.Tensor,
        held_out: torch.Tensor,
        architecture: Architecture,
        settings: HyperRep,
        loss: Loss,
        root_seed: int,
        purpose: str,
        store: TrainingStore,
    ) -> None:
        self.rows, self.settings, self.root_seed, self.purpose, self.store = rows, settings, root_seed, purpose, store
        device = rows.device
        ones = torch.ones(architecture.size, device=device)
        self.sigma = layer_sigma(rows, architecture) if loss == "lwln" else ones
        self.batch = settings.batch_size
        self.starts = range(0, len(rows) - self.batch + 1, self.batch)
        torch.manual_seed(self._seed(0))
        self.autoencoder = Autoencoder(architecture, settings).to(device)
        self.head = ProjectionHead(settings).to(device)
        parameters = [*self.autoencoder.parameters(), *self.head.parameters()]
        self.optimiser = optimiser_of(parameters, settings)
        self.schedule = schedule_for(settings, self.optimiser, settings.epochs * len(self.starts))
        self.views = Views(architecture, settings, torch.Generator().manual_seed(self._seed("pool")))
        some = torch.randperm(len(rows), generator=torch.Generator().manual_seed(self._seed("check")))[: len(held_out)]
        looked_at = {"train": rows[some.sort().values.to(device)], "validation": held_out}
        self.look = Check(looked_at, rows.mean(0), self.sigma, architecture)
        self.epoch, self.lowest, self.best = 0, math.inf, None
        self.history: list[tuple[int, str, str, str, float]] = []
        self.ended = False
        self.said = ""  # how it goes

    def train_epoch(self) -> None:
        self.epoch += 1
        self.ended = self.epoch == self.settings.epochs
        generator = torch.Generator().manual_seed(self._seed(self.epoch))
        torch.manual_seed(generator.initial_seed())  # dropout draws from the global one
        order = torch.randperm(len(self.rows), generator=generator).to(self.rows.device)
        sums = torch.zeros(len(_PARTS), dtype=torch.float64, device=self.rows.device)
        for start in self.starts:
            batch = self.rows[order[start : start + self.batch]]
            rate = self.optimiser.param_groups[0]["lr"]
            sums += update(self.autoencoder, self.head, self.optimiser, batch, self.sigma, self.views, generator)
            self.schedule.after_update()
        means = dict(zip(_PARTS, (sums.cpu().numpy() / len(self.starts)).tolist(), strict=True))
        self._refuse_what_is_not_finite("training loss", means["total"])
        self.schedule.after_epoch(means["total"])
        self._note(("train", quantity, ALL, value) for quantity, value in (means | {"learning_rate": rate}).items())

    def check(self) -> None:
        """How well rows are reconstructed as they are, and whether never better."""
        with products("float32", self.rows.device):
            found = self.look(self.autoencoder)
        error = next(value for split, quantity, _, value in found if (split, quantity) == ("validation", "error"))
        self._refuse_what_is_not_finite("validation error", error)
        self._note(found)
        if error < self.lowest:
            self.lowest, self.best = error, self.checkpoint()
        patience = self.settings.early_stopping
        if patience is not None and self.epoch - self.best.epoch >= patience:
            self.ended = True
        r2 = {split: value for split, quantity, layer, value in found if (quantity, layer) == ("r2", ALL)}
        self.said = f"R² {r2['train']:.3f}, validation {r2['validation']:.3f}"

    def checkpoint(self) -> Checkpoint:
        state = self.autoencoder.state_dict()
        return Checkpoint(self.epoch, {name: tensor.cpu().numpy().copy() for name, tensor in state.items()})

    def state(self) -> TrainingState:
        """All that `go_on_from` needs. Raises HyperpipeError where weights are not finite, so that none are kept."""
        autoencoder, head = self.autoencoder.state_dict(), self.head.state_dict()
        largest = torch.stack([tensor.abs().max().float() for tensor in (*autoencoder.values(), *head.values())]).max()
        self._refuse_what_is_not_finite("largest weight", largest.item())  # torch's max of NaN and a number is NaN
        return TrainingState(
            self.epoch,
            autoencoder,
            head,
            self.optimiser.state_dict(),
            self.schedule.state_dict(),
            self.best,
            self.lowest,
            self.history,
        )

    def go_on_from(self, state: TrainingState) -> None:
        self.autoencoder.load_state_dict(state.autoencoder)
        self.head.load_state_dict(state.head)
        self.optimiser.load_state_dict(state.optimiser)
        self.schedule.load_state_dict(state.schedule)
        self.epoch, self.lowest, self.best, self.history = state.epoch, state.lowest, state.best, state.history

    def _note(self, found: Iterable[tuple[str, str, str, float]]) -> None:
        self.history += [(self.epoch, *one) for one in found]

    def _refuse_what_is_not_finite(self, name: str, value: float) -> None:
        if not math.isfinite(value):
            said, advice = f"{self.purpose}: {name} {value} in epoch {self.epoch}", "lower hyperrep.learning_rate"
            if self.store.epoch is not None:
                said += f"; the last good checkpoint is of epoch {self.store.epoch}, {self.store.path}"
                advice += " and delete it"
            raise HyperpipeError(f"{said}; {advice}")

    def _seed(self, what: int | str) -> int:
        return torch_seed(self.root_seed, self.purpose, what)


def optimiser_of(parameters: list[torch.nn.Parameter], settings: HyperRep) -> torch.optim.Adam:
    return torch.optim.Adam(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)


def update(
    autoencoder: Autoencoder,
    head: ProjectionHead,
    optimiser: torch.optim.Optimizer,
    rows: torch.Tensor,
    sigma: torch.Tensor,
    views: Views,
    generator: torch.Generator,
) -> torch.Tensor:
    """A step of the optimiser on a batch of rows; its reconstruction, contrastive and total loss."""
    with products(views.settings.precision, rows.device):
        parts = batch_losses(autoencoder, head, rows, sigma, views, generator)
        optimiser.zero_grad()
        parts[-1].backward()
    optimiser.step()
    return torch.stack(parts).detach()


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
    with forward_in(settings.precision, rows.device):
        latents, output = autoencoder(seen)
    latents, output = latents.to(rows.dtype), output.to(rows.dtype)
    return loss_parts(reconstruction_loss(output, target, sigma), latents, head, settings)


def loss_parts(
    reconstruction: torch.Tensor, latents: torch.Tensor, head: ProjectionHead, settings: HyperRep
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Reconstruction, contrastive and total loss, the latents being of the first views and then of the second."""
    if settings.beta == 1:
        return reconstruction, torch.zeros_like(reconstruction), reconstruction
    contrastive = CONTRASTS[settings.contrast](*head(latents).chunk(2), settings.temperature)
    return reconstruction, contrastive, settings.beta * reconstruction + (1 - settings.beta) * contrastive
