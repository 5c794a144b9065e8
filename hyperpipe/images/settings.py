"""Settings of data sets (protocol §1.4)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hyperpipe.settings import Count, Model, Name


class Embedded(Model):
    """Images that need no download: ``digits`` (UCI handwritten, 1797) or ``printed`` (drawn from fonts)."""

    source: Literal["digits", "printed"]
    train: Count = Field(description="training images")
    validation: Count
    test: Count


class Mnist(Model):
    """MNIST from its four idx files, plain or .gz; 50,000 / 10,000 / 10,000 in the paper (protocol §1.4)."""

    source: Literal["mnist"]
    folder: str = Field(description="where the four idx files are")
    train: Count = 50_000
    validation: Count = 10_000
    test: Count = 10_000


Images = Annotated[Embedded | Mnist, Field(discriminator="source")]


class ImagesSlice(Model):
    seed: int
    name: Name
    images: Images
