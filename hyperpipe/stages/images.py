"""The stage ``images``: a data set from its source to its store."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.images.image_set import write_images
from hyperpipe.images.make import make_images, raw_places
from hyperpipe.images.settings import ImagesSlice
from hyperpipe.notes import Notes
from hyperpipe.provenance.opened import files_read


def images_stage(config: ImagesSlice, output: Path) -> Notes:
    with files_read(raw_places(config)) as files:
        images = make_images(config)
    write_images(output, images)
    return Notes(raw=files)
