"""Settings of populations (paper, section 3; protocol §4)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hyperpipe.hyperrep.settings import Loss
from hyperpipe.settings import Count, Model, Name

Anchors = Literal["all", "best"]
# The paper's sampled populations: the loss of their autoencoder and their anchors among the training networks.
POPULATIONS: dict[str, tuple[Loss, Anchors]] = {
    "B_KDE30": ("plain", "best"),
    "S_KDE": ("lwln", "all"),
    "S_KDE30": ("lwln", "best"),
}
# What is fine-tuned on other data sets: the zoo's own networks and, as in the paper's Table 2, one sampled population.
TRANSFERRED = ("B_F", "S_KDE30")


class Sampling(Model):
    """Populations sampled from a hyper-representation (paper, section 3; protocol §4)."""

    networks: Count = Field(150, description="networks of each population")
    bandwidth: float = Field(0.002, gt=0, description="of the kernel density, in latent units")
    best: float = Field(0.3, gt=0, lt=1, description="share of the anchors, by test accuracy, of S_KDE30 and B_KDE30")


class PopulationSlice(Model):
    seed: int
    zoo: Name
    population: Name
    anchors: Anchors
    sampling: Sampling


class PretrainedSlice(Model):
    zoo: Name
    epoch: int
    networks: int


class ScratchSlice(Model):
    seed: int
    zoo: Name
    networks: int
