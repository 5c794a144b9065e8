"""The record of a run of a stage, ``<output>.prov.json`` beside each of its outputs.

Records are outputs of their rules and inputs of none: they hold times, which would rerun whatever read them. Each names
the records of what it read by their hash, so that they chain from a table down to the images.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from hyperpipe.errors import HyperpipeError, brief
from hyperpipe.notes import RECORD_ID, Notes
from hyperpipe.places import shown, with_places_shown
from hyperpipe.provenance import surroundings
from hyperpipe.provenance.identity import code_modules
from hyperpipe.randomness import streams_used
from hyperpipe.settings import Model
from hyperpipe.store import bytes_hash, content_hash, write_text

VERSION = 2
SUFFIX = ".prov.json"


class File(Model):
    path: str = Field(
        description="as seen from the run's directory; of others `package:`, `~` and `$USER` stand for where packages"
        " are installed, the user's home and name"
    )
    content: str = Field(description="SHA-256 of what it holds: of an HDF5 store's data and attributes, else of bytes")


class Input(File):
    record: str | None = Field(description="SHA-256 of the record beside it; null where it has none")


class Record(Model):
    version: Literal[2] = Field(description="of this schema")
    output: File = Field(description="the file that this record lies beside")
    stage: str = Field(description="the verb of the command line that made it")
    arguments: list[str] = Field(description="what it was called with, verb included, paths as above")
    config: dict[str, Any] = Field(description="its slice of the configuration, paths as above")
    config_hash: str = Field(description="SHA-256 of that, as JSON with sorted keys")
    seeds: dict[str, int | str] = Field(
        description="`root` of all randomness, where it draws any; `networks` it trains"
    )
    streams: dict[str, int] = Field(description="the random streams that it used, and of each name how many")
    inputs: list[Input] = Field(description="the files of the workflow that it read, hashed before it did")
    raw: list[File] = Field(description="what it read from outside the workflow: image files, fonts")
    outputs: list[File] = Field(description="all files that it made, this one among them")
    code: dict[str, str] = Field(
        description="each module of the package that the stage imports, and its code's SHA-256"
    )
    repository: dict[str, str] = Field(
        description="`commit` of the checkout, and `diff`, SHA-256 of what was not committed; empty where it is none"
    )
    id: str = Field(description="SHA-256 of what should give the same outputs: stage, config, seeds, code, inputs")
    versions: dict[str, str] = Field(description="of Python and of each package installed; of CUDA where it was in use")
    hardware: dict[str, int | str] = Field(description="`cpu`, `cores` it might use, `gpu` where it used one")
    threads: int = Field(description="that it was given")
    scheduler: dict[str, str] = Field(description="what a batch system called the job")
    exclusions: dict[str, int] = Field(description="what it left out, by reason, and how many")
    notes: dict[str, str] = Field(
        description="what only the stage knows: `backend`, its `compiler`, `device`, `resumed`, `checkpoint`,"
        " `anchors`, `agreement`"
    )
    started: str = Field(description="UTC")
    ended: str = Field(description="UTC")
    seconds: float = Field(description="from start to end, without what this record took")
    recording_seconds: float = Field(description="that hashing and this record took, but for its own writing")
    peak_megabytes: int = Field(description="the most memory that its process had")
    seal: str = Field(description="SHA-256 of all else that is here, as JSON with sorted keys: nobody has edited it")


@contextmanager
def recording(
    stage: str,
    config: dict[str, Any],
    inputs: Sequence[Path],
    outputs: Sequence[Path],
    seeds: str | None = None,
    threads: int = 1,
) -> Iterator[Notes]:
    """What runs inside is a stage that reads `inputs` and makes `outputs`; then their records are written.

    Yields the stage's notes, empty. An error inside leaves no record. Inputs and code are hashed before the
    stage runs. Raises HyperpipeError where one is not there.
    """
    begun, started, streams = time.monotonic(), _now(), streams_used()
    config = with_places_shown(config)
    read = [Input(path=shown(path), content=content_hash(path), record=record_hash(path)) for path in inputs]
    code = code_modules(f"hyperpipe.stages.{stage.replace('-', '_')}")
    checkout, versions = surroundings.repository(), surroundings.versions()  # of now, whatever changes meanwhile
    its_id = identity(stage, config, seeds, code, [file.content for file in read])
    notes, ran, token = Notes(), time.monotonic(), RECORD_ID.set(its_id)
    try:
        yield notes
    finally:
        RECORD_ID.reset(token)
    ended = time.monotonic()
    made = [File(path=shown(path), content=content_hash(path)) for path in outputs]
    root = {"root": config["seed"]} if "seed" in config else {}
    facts: dict[str, Any] = {
        "version": VERSION,
        "stage": stage,
        "arguments": with_places_shown(sys.argv[1:]),
        "config": config,
        "config_hash": hashed(config),
        "seeds": root | ({"networks": seeds} if seeds else {}),
        "streams": dict(sorted((streams_used() - streams).items())),
        "inputs": [file.model_dump() for file in read],
        "raw": [{"path": shown(path), "content": bytes_hash(path)} for path in notes.pop("raw", [])],
        "outputs": [file.model_dump() for file in made],
        "code": code,
        "repository": checkout,
        "id": its_id,
        "versions": versions | surroundings.cuda(),
        "hardware": surroundings.hardware(),
        "threads": threads,
        "scheduler": surroundings.scheduler(),
        "exclusions": notes.pop("exclusions", {}),
        "notes": with_places_shown(dict(notes)),
        "started": started,
        "ended": _now(),
        "seconds": round(ended - ran, 3),
        "peak_megabytes": surroundings.peak_megabytes(),
    }
    facts["recording_seconds"] = round(time.monotonic() - begun - (ended - ran), 3)
    for path, file in zip(outputs, made, strict=True):
        write_record(path, facts | {"output": file.model_dump()})


def write_record(path: str | Path, facts: dict[str, Any]) -> None:
    """A record of these facts beside the file that they are of, sealed."""
    record = Record.model_validate(facts | {"seal": hashed(facts)})
    write_text(f"{path}{SUFFIX}", record.model_dump_json(indent=1) + "\n")


def read_record(path: str | Path) -> Record:
    """The record beside a file. Raises HyperpipeError where there is none, or none that can be read."""
    beside = Path(str(path) + SUFFIX)
    try:
        return Record.model_validate_json(beside.read_bytes())
    except OSError as error:
        said = f"cannot be read ({brief(error)})" if beside.exists() else "is missing"
        raise HyperpipeError(f"{beside}: {said}; let Snakemake make it") from None
    except ValidationError as error:
        first = error.errors()[0]
        said = ": ".join(filter(None, [".".join(map(str, first["loc"])), first["msg"]]))
        raise HyperpipeError(f"{beside}: is none of this version ({said}); let Snakemake make {path} anew") from None


def is_sealed(record: Record) -> bool:
    """Whether a record is as it was written."""
    return record.seal == hashed(record.model_dump(exclude={"seal"}))


def record_hash(path: str | Path) -> str | None:
    """SHA-256 of the record beside a file, if there is one."""
    beside = Path(str(path) + SUFFIX)
    return bytes_hash(beside) if beside.is_file() else None


def identity(stage: str, config: Any, seeds: str | None, code: dict[str, str], inputs: Iterable[str]) -> str:
    """One name for all runs of a stage that should make the same, known before it runs."""
    return hashed([stage, config, seeds, code, list(inputs)])


def hashed(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
