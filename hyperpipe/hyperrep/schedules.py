"""How the learning rate of a hyper-representation's training goes."""

from __future__ import annotations

import math
from typing import Protocol

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from hyperpipe.hyperrep.settings import HyperRep


class Schedule(Protocol):
    def after_update(self) -> None: ...

    def after_epoch(self, loss: float) -> None:
        """loss: the training loss, its mean over the epoch's updates."""


class Plateau(ReduceLROnPlateau):
    """As released (protocol §3.3): times 0.3 after 10 epochs in which the training loss did not fall by 1e-4 of it."""

    def __init__(self, optimiser: Optimizer) -> None:
        super().__init__(optimiser, factor=0.3, patience=10, threshold=1e-4)

    def after_update(self) -> None:
        pass

    def after_epoch(self, loss: float) -> None:
        self.step(loss)


class WarmupCosine(LambdaLR):
    """Along a line up to the learning rate in the first `warmup` of all updates, then along half a cosine to zero."""

    def __init__(self, optimiser: Optimizer, updates: int, warmup: float) -> None:
        super().__init__(optimiser, lambda update: share_of_rate(update, updates, round(warmup * updates)))

    def after_update(self) -> None:
        self.step()

    def after_epoch(self, loss: float) -> None:
        pass


def share_of_rate(update: int, updates: int, rising: int) -> float:
    """Of the highest learning rate, at an update, from 0 on, of so many; in the first `rising` of them it goes up."""
    if update < rising:
        return (update + 1) / rising
    return 0.5 + 0.5 * math.cos(math.pi * (update - rising) / (updates - rising))


def schedule_for(settings: HyperRep, optimiser: Optimizer, updates: int) -> Schedule:
    """updates: of the whole training."""
    if settings.schedule == "plateau":
        return Plateau(optimiser)
    return WarmupCosine(optimiser, updates, settings.warmup)
