"""Settings of fine-tuning and of what is said of populations (protocol §5)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hyperpipe.hyperrep.settings import AutoencoderName, Selection
from hyperpipe.settings import Count, Model, Name
from hyperpipe.zoo.settings import Recipe, Training


class Finetuning(Model):
    epochs: Count = Field(50, description="fine-tuning epochs of every population")
    recipe: Literal["target", "source"] = Field(
        "target", description="whose zoo's recipe networks are fine-tuned with on another data set"
    )
    activation: Literal["recipe", "target", "source"] = Field(
        "recipe",
        description="of networks on another data set: the recipe's, or that of one of the two zoos; `source`: the one"
        " that their weights were trained with",
    )
    orders: Literal["paired", "shared"] = Field(
        "paired",
        description="of the images: one for the first networks of all populations, another for the second ones …;"
        " `shared`: one for all networks, presumably as released",
    )

    def recipe_on(self, source: Recipe, target: Recipe) -> Recipe:
        """What networks of a zoo with the recipe `source` are trained with on the images of a zoo with `target`."""
        of = {"source": source, "target": target}
        of["recipe"] = of[self.recipe]
        return of["recipe"].model_copy(update={"activation": of[self.activation].activation})


class Bootstrap(Model):
    """Intervals of mean accuracies, from networks drawn again with replacement."""

    confidence: float = Field(0.95, gt=0, lt=1, description="of the intervals of mean accuracies")
    resamples: Count = Field(2000, description="draws of a population's networks, with replacement, for an interval")


class FinetuneSlice(Model):
    seed: int
    zoo: Name
    population: Name
    target: Name
    recipe: Recipe
    epochs: int
    orders: Literal["paired", "shared"]
    training: Training


class AccuraciesSlice(Model):
    seed: int
    bootstrap: Bootstrap


class NoveltySlice(Model):
    zoo: Name
    autoencoders: list[AutoencoderName]
    epoch: int
    selection: Selection
    recipe: Recipe


class ReconstructionsSlice(Model):
    zoo: Name
    autoencoder: AutoencoderName
    epoch: int
    recipe: Recipe
    training: Training
