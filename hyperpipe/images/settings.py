"""Settings of data sets (protocol §1.4)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hyperpipe.settings import Count, Model, Name

# Training, validation and test images of the paper's zoos (protocol §1.4).
PAPER_SIZES: dict[str, tuple[int, int, int]] = {
    "mnist": (50_000, 10_000, 10_000),
    "svhn": (60_000, 13_257, 26_032),
    "cifar10": (42_000, 8_000, 10_000),
    "stl10": (4_200, 800, 8_000),
    "usps": (6_000, 1_291, 2_007),
    "fashion_mnist": (50_000, 10_000, 10_000),
}
AS_IN_THE_PAPER = "as in the paper"
StandardSource = Literal[*PAPER_SIZES]


def _of_paper(split: int, description: str) -> Any:
    """A number of images that is the paper's where none is set."""
    return Field(
        default_factory=lambda settings: PAPER_SIZES[settings["source"]][split],
        description=description,
        json_schema_extra={"default": AS_IN_THE_PAPER},
    )


class Embedded(Model):
    """Images that need no download: ``digits`` (UCI handwritten, 1797) or ``printed`` (drawn from fonts)."""

    source: Literal["digits", "printed"] = Field(description="UCI handwritten digits, 1797; digits drawn from fonts")
    train: Count = Field(description="training images")
    validation: Count = Field(description="validation images")
    test: Count = Field(description="test images")


class Standard(Model):
    """The data sets of the paper and of its authors' other zoos, as torchvision reads them."""

    source: StandardSource = Field(description="a data set of the paper, with its transforms and normalisation")
    folder: str = Field(
        "data",
        description="where torchvision keeps its files, such as `MNIST/raw` and `cifar-10-batches-py`; as seen from the"
        " directory of the run",
    )
    download: bool = Field(True, description="files that are not in the folder are fetched")
    split_seed: int = Field(
        42, ge=0, description="of torch's random_split, which cuts training and validation images; 42 as released"
    )
    train: Count = _of_paper(0, "training images")
    validation: Count = _of_paper(1, "validation images")
    test: Count = _of_paper(2, "test images")


class Own(Model):
    """Anyone's own images."""

    source: Literal["npz", "folder"] = Field(
        description="arrays `images` (uint8, N × H × W or N × H × W × 3) and `labels` (N) of a file, or a folder with a"
        " folder of image files for each class"
    )
    path: str = Field(description="that file or folder, as seen from the directory of the run")
    test_path: str | None = Field(None, description="another one, of the test images; else they are cut from the first")
    colour: Literal["auto", "grey", "rgb"] = Field("auto", description="one or three channels; `auto`: as they are")
    fit: Literal["resize", "crop"] = Field("resize", description="how they become 28×28: bilinear, or their centre")
    mean: list[float] = Field([0.5], min_length=1, description="networks see (pixel / 255 - mean) / std, a channel")
    std: list[Annotated[float, Field(gt=0)]] = Field([0.5], min_length=1, description="one number or one a channel")
    train: Count = Field(description="training images")
    validation: Count = Field(description="validation images")
    test: Count = Field(description="test images")


Images = Annotated[Embedded | Standard | Own, Field(discriminator="source")]


def channels(images: Images) -> int | None:
    """Of a data set as networks see it (protocol §1.4); None where its files alone say so."""
    if isinstance(images, Own):
        return {"grey": 1, "rgb": 3, "auto": None}[images.colour]
    return 3 if images.source in ("cifar10", "stl10") else 1


class ImagesSlice(Model):
    seed: int
    name: Name
    images: Images
