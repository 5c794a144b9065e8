"""Settings of data sets (protocol §1.4)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hyperpipe.settings import Count, Model, Name


class Embedded(Model):
    """Images that need no download: ``digits`` (UCI handwritten, 1797) or ``printed`` (drawn from fonts)."""

    source: Literal["digits", "printed"] = Field(description="UCI handwritten digits, 1797; digits drawn from fonts")
    train: Count = Field(description="training images")
    validation: Count = Field(description="validation images")
    test: Count = Field(description="test images")


class Mnist(Model):
    """MNIST from its four idx files, plain or .gz; 50,000 / 10,000 / 10,000 in the paper (protocol §1.4)."""

    source: Literal["mnist"] = Field(description="MNIST from files that are there")
    folder: str = Field(description="where the four idx files are, plain or .gz")
    train: Count = Field(50_000, description="training images")
    validation: Count = Field(10_000, description="validation images")
    test: Count = Field(10_000, description="test images")


class Cifar10(Model):
    """CIFAR-10 from the files of its Python version; 42,000 / 8,000 / 10,000 in the paper (protocol §1.4)."""

    source: Literal["cifar10"] = Field(description="CIFAR-10 from files that are there")
    folder: str = Field(description="where cifar-10-python.tar.gz was unpacked: the folder of `cifar-10-batches-py`")
    train: Count = Field(42_000, description="training images")
    validation: Count = Field(8_000, description="validation images")
    test: Count = Field(10_000, description="test images")


Images = Annotated[Embedded | Mnist | Cifar10, Field(discriminator="source")]


class ImagesSlice(Model):
    seed: int
    name: Name
    images: Images
