"""The record of a run of a stage, ``<output>.prov.json`` beside each of its outputs.

Records are outputs of their rules and inputs of none: they hold times, which would rerun whatever read them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from hyperpipe.provenance.identity import code_modules
from hyperpipe.settings import Model
from hyperpipe.store import content_hash, write_text

VERSION = 1
SUFFIX = ".prov.json"
# Of the package itself the code says more than a version.
_PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "h5py", "matplotlib", "pillow")


class File(Model):
    """A file as it was: content is the SHA-256 of what it holds, for HDF5 stores of data and attributes."""

    path: str
    content: str


class Record(Model):
    """Who made a file from what: schema of ``<output>.prov.json``. Paths are relative to the run's directory.

    stage: the verb of the command line. arguments: those that it was called with. config: its slice of the
    configuration. seeds: the root of its random streams, where it draws any, and the networks', where it trains some.
    code: the SHA-256 of each module of the package that the stage imports. versions: of Python and packages. notes:
    what only the stage knows, as the back end that trained and why.
    """

    version: Literal[1]
    output: File
    stage: str
    arguments: list[str]
    config: dict[str, Any]
    seeds: dict[str, int | str]
    inputs: list[File]
    outputs: list[File]
    code: dict[str, str]
    versions: dict[str, str]
    notes: dict[str, str]
    started: str
    ended: str


@contextmanager
def recording(
    stage: str, config: dict[str, Any], inputs: Sequence[Path], outputs: Sequence[Path], seeds: str | None = None
) -> Iterator[dict[str, str]]:
    """What runs inside is a stage that reads `inputs` and makes `outputs`; then their records are written.

    Yields the record's notes, empty.

    An error inside leaves no record. Inputs and code are hashed before the stage runs. Raises HyperpipeError where one
    is not there.
    """
    started, read = _now(), [_file(path) for path in inputs]
    code = code_modules(f"hyperpipe.stages.{stage.replace('-', '_')}")
    notes: dict[str, str] = {}
    yield notes
    made = [_file(path) for path in outputs]
    used = {"root": config["seed"]} if "seed" in config else {}
    for file in made:
        record = Record(
            version=VERSION,
            output=file,
            stage=stage,
            arguments=sys.argv[1:],
            config=config,
            seeds=used | ({"networks": seeds} if seeds else {}),
            inputs=read,
            outputs=made,
            code=code,
            versions=_versions(),
            notes=notes,
            started=started,
            ended=_now(),
        )
        write_text(file.path + SUFFIX, record.model_dump_json(indent=1) + "\n")


def _file(path: Path) -> File:
    return File(path=str(path), content=content_hash(path))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _versions() -> dict[str, str]:
    python = ".".join(map(str, sys.version_info[:3]))
    return {"python": python} | {name: metadata.version(name) for name in _PACKAGES}
