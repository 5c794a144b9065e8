"""What every verb that is a stage consists of: kinds of arguments, and the record beside each output."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from hyperpipe.notes import Notes
from hyperpipe.provenance.record import recording
from hyperpipe.validation import parse_json

STAGES = typer.Typer()

Slice = Annotated[str, typer.Option("--config", help="the stage's slice of the configuration, JSON")]
Seeds = Annotated[str, typer.Option(help="a range, 0001-0032")]
Input = Annotated[Path, typer.Option()]
Inputs = Annotated[str, typer.Option(help="paths with spaces between them")]
Output = Annotated[Path, typer.Option()]
Threads = Annotated[int, typer.Option(min=1)]


def stage(verb: Callable[..., Notes | None]) -> Callable[..., Notes | None]:
    """Makes a function a verb of the command line that leaves a record beside each of its outputs.

    What it returns goes into the record.
    """

    @STAGES.command()
    @functools.wraps(verb)
    def command(**arguments: Any) -> None:
        inputs = [value for name, value in arguments.items() if name.endswith("_path")]
        inputs += [path for name, value in arguments.items() if name.endswith("_paths") for path in paths(value)]
        outputs = [value for name, value in arguments.items() if name.endswith("_output")]
        config = parse_json(arguments["config"])
        name, seeds, threads = verb.__name__.replace("_", "-"), arguments.get("seeds"), arguments.get("threads", 1)
        with recording(name, config, inputs, outputs, seeds, threads) as notes:
            notes.update(verb(**arguments) or {})

    return verb


def paths(text: str) -> list[Path]:
    return [Path(word) for word in text.split()]
