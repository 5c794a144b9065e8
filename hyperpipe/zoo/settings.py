"""Settings of zoos: how a network is trained, and how many (protocol §1.3, Table 4)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from hyperpipe.cnn import Activation, Init
from hyperpipe.settings import Count, Epoch, Model, Name, with_preset
from hyperpipe.zoo.presets import PRESETS


class Recipe(Model):
    """How a network of a zoo is trained (protocol §1.3, Table 4)."""

    activation: Activation = Field("tanh", description="of the networks")
    learning_rate: float = Field(gt=0, description="of Adam")
    weight_decay: float = Field(0.0, ge=0, description="coupled L2, as in torch's Adam")
    batch_size: Count = Field(10, description="images of a step")
    beta1: float = Field(0.9, ge=0, lt=1, description="of Adam")
    beta2: float = Field(0.999, ge=0, lt=1, description="of Adam")
    epsilon: float = Field(1e-8, gt=0, description="of Adam")


class Training(Model):
    """Which back end trains networks, and on what they and autoencoders are trained."""

    backend: Literal["auto", "native", "stacked", "reference"] = Field(
        "auto",
        description="compiled for this CPU, in torch all networks of a job at once, or one after the other;"
        " `auto`: stacked on CUDA, on a CPU native where it can be built, else stacked",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="for networks and autoencoders; `auto`: CUDA where torch sees a device"
    )


class Zoo(Model):
    images: Name = Field(description="the data set, a key of `images`")
    preset: Literal[*PRESETS] | None = Field(
        None, exclude=True, description="a zoo of the paper (Table 4), whose init and recipe stand where none are set"
    )
    networks: Count = Field(description="networks, with seeds 1, 2, …")
    shard: Count = Field(32, description="networks trained in one job")
    epochs: Count = Field(50, description="training epochs")
    keep_epochs: list[Epoch] = Field(
        [21, 22, 23, 24, 25], description="epochs whose weights are kept, for the autoencoder", min_length=1
    )
    init: Init = Field("uniform", description="U(0, 1) and kaiming as the paper's zoos, or PyTorch's own")
    recipe: Recipe

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, data: Any) -> Any:
        return with_preset(data, PRESETS)

    @model_validator(mode="after")
    def _kept_epochs_are_trained(self) -> Zoo:
        if max(self.keep_epochs) > self.epochs:
            raise ValueError(f"keep_epochs: epoch {max(self.keep_epochs)} is not among the {self.epochs} trained ones")
        if sorted(set(self.keep_epochs)) != self.keep_epochs:
            raise ValueError("keep_epochs: must ascend")
        return self


class Split(Model):
    """Shares of a zoo's networks; the rest is the test split (protocol §2)."""

    train: float = Field(0.70, gt=0, lt=1, description="share of a zoo's networks for training; by network")
    validation: float = Field(0.15, gt=0, lt=1, description="share for validation; the rest is the test split")

    @model_validator(mode="after")
    def _leaves_a_test_split(self) -> Split:
        if self.train + self.validation >= 1:
            raise ValueError("train + validation must leave a test split")
        return self

    def counts(self, networks: int) -> tuple[int, int, int]:
        """How many of a zoo's networks train, validate and test. Raises ValueError where these are too few."""
        train, validation = int(self.train * networks), int(self.validation * networks)
        counts = train, validation, networks - train - validation
        if min(counts) < 1:
            said = "{} to train, {} to validate, {} to test".format(*counts)
            raise ValueError(f"{networks} networks are too few to split: {said}")
        return counts


class ShardSlice(Model):
    seed: int
    name: Name
    epochs: int
    keep_epochs: list[int]
    init: Init
    recipe: Recipe
    training: Training


class ZooSlice(Model):
    seed: int
    name: Name
    split: Split
