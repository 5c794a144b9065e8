"""Flow matching: a density of networks that is learned, where `weights.gaussian` has one in closed form.

A velocity field is learned that takes draws from a Gaussian to the networks along straight lines; new networks are
where it takes new draws. Source: Lipman et al. 2023; field, optimiser and integration are those of DeepWeightFlow
(Gupta et al. 2026, arXiv 2601.05052) for networks of about this size, `train_and_generate.py` of its code, which trains
on one draw a network and keeps the field of the least loss; here every batch has new draws, and the last field counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from hyperpipe.errors import HyperpipeError
from hyperpipe.progress import Progress

_HIDDEN, _TIME, _DROPOUT = 512, 64, 0.1
_BATCH, _RATE, _LAST_RATE, _DECAY, _BETAS = 8, 5e-4, 1e-6, 1e-5, (0.9, 0.95)
_BLUR = 0.001  # standard deviation of what is added to points between draws and networks
_STEPS = 100
Field = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # points [B, D] and times [B, 1] to velocities [B, D]


def flow(networks: np.ndarray, updates: int, width: float, draws: np.ndarray, *, seed: int, title: str) -> np.ndarray:
    """Networks [count, P], to which a flow that was learned of networks [M, P] takes draws.

    draws: standard normal numbers [count, M - 1]. What is learned is where networks lie in the directions in which they
    differ, all there is of M networks; their root mean squared coordinate is 1 there, and draws are `width` times as
    wide as given. updates: of the field, with a batch of 8 each. seed: of torch's generator, for the field's first
    weights and all that its training draws. title: of the progress on standard error.

    Raises HyperpipeError where there are fewer than two networks that differ.
    """
    mean = networks.mean(axis=0, dtype=float)
    left, lengths, axes = np.linalg.svd(networks - mean, full_matrices=False)
    points = (left * lengths)[:, : len(networks) - 1]  # all but the last direction, in which nothing differs
    scale = float(np.sqrt(np.square(points).mean())) if points.size else 0.0
    if not scale:
        raise HyperpipeError(f"{title}: {len(networks)} training networks do not differ; a flow needs two that do")
    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.manual_seed(seed)
        field = _learned(torch.from_numpy(points / scale).float(), updates, width, title)
        ends = integrated(field, torch.from_numpy(width * draws).float())
    return (mean + scale * ends.double().numpy() @ axes[: points.shape[1]]).astype(np.float32)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Products of a batch of 8 are too small for more, and their sums would depend on how many there are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class Velocity(nn.Module):
    """The field, zero before it is trained."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.time = nn.Sequential(nn.Linear(1, _TIME), nn.GELU(), nn.Linear(_TIME, _TIME))
        widths = (size + _TIME, _HIDDEN, _DROPOUT), (_HIDDEN, _HIDDEN // 2, _DROPOUT), (_HIDDEN // 2, _HIDDEN, 0.0)
        blocks = [
            nn.Sequential(nn.Linear(before, after), nn.LayerNorm(after), nn.GELU(), nn.Dropout(dropout))
            for before, after, dropout in widths
        ]
        self.layers = nn.Sequential(*blocks, nn.Linear(_HIDDEN, size))
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, points: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        return self.layers(torch.cat([points, self.time(times)], dim=1))


def _learned(points: torch.Tensor, updates: int, width: float, title: str) -> Velocity:
    """Of points [M, D]; at time 0 there are draws, at time 1 points, and what is learned is the way from one to the
    other."""
    field = Velocity(points.shape[1])
    optimiser = torch.optim.AdamW(field.parameters(), lr=_RATE, betas=_BETAS, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, updates, eta_min=_LAST_RATE)
    with Progress(title, updates, "updates") as progress:
        for _ in range(updates):
            ends = points[torch.randint(len(points), (_BATCH,))]
            starts = width * torch.randn_like(ends)
            times = torch.rand(_BATCH, 1)
            between = (1 - times) * starts + times * ends + _BLUR * torch.randn_like(ends)
            loss = (field(between, times) - (ends - starts)).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            progress.advance(1)
    return field.eval()


@torch.no_grad()
def integrated(field: Field, points: torch.Tensor) -> torch.Tensor:
    """Where a field takes points [B, D] from time 0 to time 1, by 100 steps of the classical Runge-Kutta method."""
    step = 1 / _STEPS
    for start in range(_STEPS):
        begins, middles, ends = (torch.full((len(points), 1), (start + part) * step) for part in (0, 0.5, 1))
        first = field(points, begins)
        second = field(points + step / 2 * first, middles)
        third = field(points + step / 2 * second, middles)
        fourth = field(points + step * third, ends)
        points = points + step / 6 * (first + 2 * second + 2 * third + fourth)
    return points
