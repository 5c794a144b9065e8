"""What a stage says of itself, for its record."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import TypedDict

#: The id of the record of the stage that runs; it stands in each row of what is measured.
RECORD_ID: ContextVar[str] = ContextVar("record_id", default="")


class Notes(TypedDict, total=False):
    """backend, compiler: what trained networks, in words, and what that was compiled with. device, resumed: where an
    autoencoder was trained, and after which epochs that went on. checkpoint, anchors: which of an autoencoder's epochs
    decoded a population, and how many rows it was sampled from. agreement: of networks, before and after they were
    aligned. exclusions: what was left out, by reason, and how many.
    raw: files read from outside the workflow.
    """

    backend: str
    compiler: str
    device: str
    resumed: str
    checkpoint: str
    anchors: str
    agreement: str
    exclusions: dict[str, int]
    raw: list[Path]
