"""Settings of fine-tuning (protocol §5)."""

from __future__ import annotations

from pydantic import Field

from hyperpipe.settings import Count, Model, Name
from hyperpipe.zoo.settings import Recipe, Training


class Finetuning(Model):
    epochs: Count = Field(25, description="fine-tuning epochs of every population")


class FinetuneSlice(Model):
    seed: int
    zoo: Name
    population: Name
    target: Name
    recipe: Recipe
    epochs: int
    training: Training
