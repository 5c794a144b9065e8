"""Verbs that ask where results come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hyperpipe.errors import HyperpipeError

PROVENANCE = typer.Typer()
Json = Annotated[bool, typer.Option("--json", help="for programs")]


@PROVENANCE.command()
def records(as_schema: Annotated[bool, typer.Option("--schema", help="for programs")] = False) -> None:
    """Lists what is in the record beside each output, as Markdown or as a JSON schema."""
    from hyperpipe.provenance.record import Record
    from hyperpipe.provenance.reference import records_reference

    print(json.dumps(Record.model_json_schema(), indent=1) + "\n" if as_schema else records_reference(), end="")


@PROVENANCE.command()
def audit(
    paths: Annotated[list[Path] | None, typer.Argument(help="files or folders; by default all results")] = None,
    as_json: Json = False,
) -> None:
    """Says whether results are what their records say, down to the images, and where that is broken.

    Runs in the run's directory. Exit status 0 if all holds, else 1.
    """
    from hyperpipe.progress import Progress
    from hyperpipe.provenance.audit import audit as audited
    from hyperpipe.provenance.audit_page import audit_facts, audit_page

    files = [file for path in paths or [Path("results")] for file in _results(path)]
    with Progress("audit", len({*files, *_results(Path("results"))}), "files") as progress:
        found = audited(files, lambda: progress.advance(1))
    print(json.dumps(audit_facts(found), indent=1) if as_json else audit_page(found))
    if not found.holds:
        raise typer.Exit(1)


def _results(path: Path) -> list[str]:
    """The files that a path of this run means. Raises HyperpipeError where there are none."""
    from hyperpipe.provenance.audit import results_below
    from hyperpipe.provenance.record import SUFFIX

    named = Path(str(path).removesuffix(SUFFIX))
    if named.is_absolute() and named.is_relative_to(Path.cwd()):
        named = named.relative_to(Path.cwd())
    if named.is_dir():
        if found := results_below(named):
            return found
    elif named.is_file() or Path(str(named) + SUFFIX).is_file():
        return [str(named)]
    raise HyperpipeError(f"{path}: no results are there; name some of this run, in its directory")
