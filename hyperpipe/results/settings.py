"""What the pages of results may see of the configuration."""

from __future__ import annotations

from pydantic import Field

from hyperpipe.alignment.settings import Alignment
from hyperpipe.evaluation.settings import Bootstrap, Finetuning
from hyperpipe.hyperrep.settings import AutoencoderName, HyperRep
from hyperpipe.sampling.settings import Controls, Sampling
from hyperpipe.settings import Model, Name
from hyperpipe.zoo.settings import Zoo


class DataSet(Model):
    """The images of a zoo."""

    source: str  # as `images.<name>.source`
    channels: int | None  # None where the files alone say so
    own: bool  # the user's, of as many classes as there are


class TablesSlice(Model):
    zoos: dict[Name, Zoo]
    sources: dict[Name, list[Name]]
    hyperrep: HyperRep
    autoencoders: list[AutoencoderName]
    sampling: Sampling
    alignment: Alignment
    controls: Controls
    finetuning: Finetuning
    bootstrap: Bootstrap
    data_sets: dict[Name, DataSet] = Field(description="by zoo")
    differences: list[str] = Field(description="from the paper's settings")


class FidelitySlice(Model):
    zoos: dict[Name, str]  # where the images of each are from
