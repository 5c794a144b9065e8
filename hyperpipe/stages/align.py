"""The stage ``align``: a zoo's networks in one frame of their hidden units."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hyperpipe.alignment.frame import in_one_frame
from hyperpipe.alignment.settings import AlignSlice
from hyperpipe.alignment.symmetries import symmetries
from hyperpipe.notes import Notes
from hyperpipe.store import read_table
from hyperpipe.zoo.zoo_store import read_zoo, write_zoo


def align_stage(config: AlignSlice, zoo_path: Path, rows_path: Path, output: Path) -> Notes:
    zoo = read_zoo(zoo_path)
    which = symmetries(zoo.architecture, config.activation, config.signs)
    aligned, frame = in_one_frame(
        zoo, read_table(rows_path), which, epoch=config.epoch, seed=config.seed, restarts=config.restarts
    )
    settings = zoo.settings | {"alignment": config.model_dump() | {"agreement": list(frame.agreement)}}
    write_zoo(output, replace(aligned, settings=settings))
    before, after = frame.agreement[0], frame.agreement[-1]
    return Notes(agreement=f"{before:.3f} → {after:.3f}, {len(frame.weights)} networks")
