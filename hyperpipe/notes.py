"""What a stage says of itself, for its record."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict


class Notes(TypedDict, total=False):
    """backend, compiler: what trained networks, in words, and what that was compiled with. device, resumed: where an
    autoencoder was trained, and after which epochs that went on. exclusions: what was left out, by reason, and how
    many. raw: files read from outside the workflow.
    """

    backend: str
    compiler: str
    device: str
    resumed: str
    exclusions: dict[str, int]
    raw: list[Path]
