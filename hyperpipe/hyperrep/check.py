"""What an autoencoder in training has learnt: how it reconstructs rows as they are, and how it spreads them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch

from hyperpipe.cnn import Architecture
from hyperpipe.hyperrep.autoencoder import ROWS_AT_ONCE, Autoencoder

ALL = "all"  # layers at once
_SATURATED = 0.99


class Check:
    """Of rows of some splits, [R, P] each, without augmentation and dropout.

    `mean` [P] is that of the training rows, `sigma` [P] the σ of the loss.
    """

    def __init__(
        self, rows: Mapping[str, torch.Tensor], mean: torch.Tensor, sigma: torch.Tensor, architecture: Architecture
    ) -> None:
        self.rows, self.weight = rows, sigma.double() ** -2
        self.spans = {ALL: slice(None)} | {layer.name: layer.span for layer in architecture.layers}
        self.of_mean = {split: _squared(part - mean) for split, part in rows.items()}

    @torch.no_grad()
    def __call__(self, autoencoder: Autoencoder) -> list[tuple[str, str, str, float]]:
        """Rows of the history: split, quantity, layer, value. `TrainedAutoencoder` says what they are."""
        was_training = autoencoder.training
        autoencoder.eval()
        found = [(split, *one) for split, rows in self.rows.items() for one in self._of(autoencoder, split, rows)]
        autoencoder.train(was_training)
        return found

    def _of(self, autoencoder: Autoencoder, split: str, rows: torch.Tensor) -> Iterator[tuple[str, str, float]]:
        squared, latents = torch.zeros_like(self.weight), []
        for part in rows.split(ROWS_AT_ONCE):
            latent, output = autoencoder(part)
            squared += _squared(output - part)
            latents.append(latent)
        yield "error", ALL, (squared * self.weight).mean().item() / len(rows)
        for layer, span in self.spans.items():
            lost, of_mean = ((sums[span] * self.weight[span]).sum() for sums in (squared, self.of_mean[split]))
            yield "r2", layer, 1 - (lost / of_mean).item()
        for quantity, value in latent_statistics(torch.cat(latents)).items():
            yield quantity, ALL, value


def latent_statistics(latents: torch.Tensor) -> dict[str, float]:
    """Of latents [R, D] in (-1, 1).

    latent_spread: the standard deviation (ddof 0) of a dimension, root mean square over dimensions. latent_saturated:
    the share of numbers beyond ±0.99, where tanh has no slope left. latent_dimensions: in how many directions they
    spread, (Σ λ)² / Σ λ² of the eigenvalues λ of their covariance: 1 along a line, D where all directions are alike,
    fewer than rows, 0 where all latents are one.
    """
    centred = latents.double() - latents.double().mean(0)
    variance = centred.square().sum()
    smaller = centred if len(latents) < latents.shape[1] else centred.T
    eigenvalues_squared = (smaller @ smaller.T).square().sum()
    return {
        "latent_spread": (variance / centred.numel()).sqrt().item(),
        "latent_saturated": (latents.abs() > _SATURATED).double().mean().item(),
        "latent_dimensions": (variance.square() / eigenvalues_squared).nan_to_num(0).item(),
    }


def _squared(difference: torch.Tensor) -> torch.Tensor:
    """[R, P] → [P], over the rows."""
    return difference.double().square().sum(0)
