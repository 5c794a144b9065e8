"""The stage ``images``: a data set from its source to its store."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.images.image_set import write_images
from hyperpipe.images.make import make_images
from hyperpipe.images.settings import ImagesSlice


def images_stage(config: ImagesSlice, output: Path) -> None:
    write_images(output, make_images(config))
