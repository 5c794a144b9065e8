"""Settings of the alignment of training networks, and of what is sampled among them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hyperpipe.settings import Ascending, Count, Model, Name
from hyperpipe.zoo.settings import Activation


class Samples(Model):
    """What is sampled among the weights of training networks."""

    alphas: Annotated[list[Annotated[float, Field(ge=0)]], Ascending] = Field(
        [0.0, 0.5, 1.0],
        min_length=1,
        description="dial of `aligned` and `unaligned`: 0 is the mean of the training networks, 1 a Gaussian with their"
        " mean and covariance",
    )
    noise: Annotated[list[Annotated[float, Field(gt=0)]], Ascending] = Field(
        [1.0, 2.0],
        description="dial of `mean_noise`: standard deviation of what is added to every weight of the aligned mean, in"
        " the root mean square of its layer there",
    )
    mixed: Count = Field(5, description="networks of which each of `mix` is a random convex combination")
    flows: Annotated[list[Count], Ascending] = Field(
        [],
        description="dial of `flow`, learned of aligned networks: updates in its training; none in the default, since"
        " what is learned gained nothing (`docs/flow.md`)",
    )
    flow_width: float = Field(
        1.0,
        gt=0,
        description="width of the Gaussian that `flow` starts from, in the networks' root mean squared coordinate",
    )


class Alignment(Samples):
    """Training networks in one frame of their hidden units, and populations sampled among their weights."""

    signs: bool = Field(True, description="units are matched up to their sign too, where the function allows it")
    restarts: int = Field(2, ge=0, description="further networks that all others are matched to first; the best counts")
    autoencoder: bool = Field(
        False,
        description="one with LWLN of the aligned networks too, its views not permuted, and S_KDE30_aligned sampled"
        " from it by all samplers",
    )


class AlignSlice(Model):
    """epoch: at which the frame is found; networks keep their moves at the others."""

    seed: int
    zoo: Name
    epoch: int
    activation: Activation
    signs: bool
    restarts: int


class WeightsSlice(Samples):
    seed: int
    zoo: Name
    epoch: int
    networks: int
