"""Settings of populations (paper, section 3; protocol §4)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from hyperpipe.cnn import Init
from hyperpipe.hyperrep.settings import AutoencoderName, Selection
from hyperpipe.settings import Ascending, Count, Model, Name

Anchors = Literal["all", "best by test", "best by validation"]
Bandwidth = Annotated[float, Field(gt=0)] | Literal["scott", "silverman"]
# What is sampled from autoencoders: from which, and their anchors among the training networks. The first three are the
# paper's; the fourth chooses its anchors without the images that its networks are then tested on.
POPULATIONS: dict[str, tuple[AutoencoderName, Anchors]] = {
    "B_KDE30": ("plain", "best by test"),
    "S_KDE": ("lwln", "all"),
    "S_KDE30": ("lwln", "best by test"),
    "S_KDE30_validation": ("lwln", "best by validation"),
    "S_KDE30_aligned": ("aligned", "best by test"),
}
OF_WEIGHTS = "S_weights"  # sampled among the weights of training networks, with no autoencoder between
SAMPLED = (*POPULATIONS, OF_WEIGHTS)
ANCHORS_OF_CONTROLS = "S_KDE30"  # the population whose anchors controls are made of
# What is fine-tuned on other data sets: the zoo's own networks and one sampled population, as in the paper's Table 2,
# what is sampled of aligned networks, and the controls.
TRANSFERRED = ("B_F", "S_KDE30", "S_KDE30_aligned", OF_WEIGHTS, "controls")
STANDARD_INITS: tuple[Init, ...] = ("kaiming_uniform", "pytorch_default")  # of networks from scratch
RECONSTRUCTION = "reconstruction"  # no sampler: anchors decoded as they are
_OWN = re.compile(r"(?P<path>[\w./-]+\.py):(?P<function>[A-Za-z_]\w*)")


def own_sampler(entry: str) -> tuple[str, str] | None:
    """File and function of a sampler that is the user's own, ``path/to/file.py:function``; None of others."""
    own = _OWN.fullmatch(entry)
    return (own["path"], own["function"]) if own else None


def sampler_name(entry: str) -> str:
    """How a sampler of the configuration is called in stores and tables: the user's own by its function."""
    own = own_sampler(entry)
    return own[1] if own else entry


class Sampling(Model):
    """Populations sampled from a hyper-representation (paper, section 3; protocol §4)."""

    networks: Count = Field(150, description="networks of each population")
    selection: Selection = Field(
        "best_validation",
        description="the autoencoder's checkpoint that embeds and decodes: the one with the lowest reconstruction error"
        " on validation rows, as in the paper, or the last; both are kept",
    )
    samplers: list[str] = Field(
        ["independent", "released", "joint"],
        min_length=1,
        description="`independent`, the paper's equation; `released`, what its code draws; `joint`, a density in all"
        " dimensions; or a function of your own, `path/to/file.py:function`",
    )
    bandwidth: Bandwidth = Field(
        0.002, description="of the kernel density: in latent units, or by Scott's or Silverman's rule"
    )
    best: float = Field(0.3, gt=0, lt=1, description="share of the anchors, by accuracy, of S_KDE30 and B_KDE30")


class Controls(Model):
    """What needs no density: training networks, changed by hand."""

    noise: Annotated[list[Annotated[float, Field(gt=0)]], Ascending] = Field(
        [0.5, 1.0, 2.0, 4.0],
        description="dial of `anchors_noise` and `anchors_shrunk_noise`: standard deviation of what is added to every"
        " weight, in those of its layer over all training networks",
    )
    shrink: float = Field(
        0.5,
        ge=0,
        le=1,
        description="what all weights of an anchor are multiplied by; with noise n by that over √(1 + n²), to be about"
        " as long at all noises",
    )


class PopulationSlice(Model):
    seed: int
    zoo: Name
    population: Name
    anchors: Anchors
    sampling: Sampling


class ControlsSlice(Model):
    seed: int
    zoo: Name
    anchors: Anchors
    best: float
    networks: int
    selection: Selection
    controls: Controls


class PretrainedSlice(Model):
    zoo: Name
    epoch: int
    networks: int


class ScratchSlice(Model):
    seed: int
    zoo: Name
    networks: int
