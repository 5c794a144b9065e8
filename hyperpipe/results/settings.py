"""What the pages of results may see of the configuration."""

from __future__ import annotations

from hyperpipe.evaluation.settings import Bootstrap, Finetuning
from hyperpipe.hyperrep.settings import HyperRep, Loss
from hyperpipe.sampling.settings import Controls, Sampling
from hyperpipe.settings import Model, Name
from hyperpipe.zoo.settings import Zoo


class TablesSlice(Model):
    seed: int
    zoos: dict[Name, Zoo]
    sources: dict[Name, list[Name]]
    hyperrep: HyperRep
    sampling: Sampling
    controls: Controls
    finetuning: Finetuning
    bootstrap: Bootstrap


class FidelitySlice(Model):
    zoos: dict[Name, str]  # where the images of each are from


class LearningSlice(Model):
    zoo: Name
    loss: Loss
