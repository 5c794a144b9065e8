"""Verbs that ask where results come from."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hyperpipe.errors import HyperpipeError

_WIDE = 10_000  # characters: in a file or a pipe no line is broken
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
    from hyperpipe.provenance.audit import results_below
    from hyperpipe.provenance.audit_page import audit_facts, audit_page

    files = [file for path in paths or [Path("results")] for file in _results(path)]
    with Progress("audit", len({*files, *results_below(Path("results"))}), "files") as progress:
        found = audited(files, lambda: progress.advance(1))
    print(json.dumps(audit_facts(found), indent=1) if as_json else audit_page(found))
    if not found.holds:
        raise typer.Exit(1)


def _results(path: Path) -> list[str]:
    """The files that a path of this run means. Raises HyperpipeError where there are none."""
    from hyperpipe.provenance.audit import results_below
    from hyperpipe.provenance.record import SUFFIX

    named = _of_this_run(path)
    if named.is_dir():
        if found := results_below(named):
            return found
    elif named.is_file() or Path(str(named) + SUFFIX).is_file():
        return [str(named)]
    raise HyperpipeError(f"{path}: no results are there; name some of this run, in its directory")


def _of_this_run(path: Path) -> Path:
    """A path as records have it, of a record that of its file. Raises HyperpipeError where it lies outside of the run's
    directory."""
    from hyperpipe.provenance.record import SUFFIX

    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    if path.is_absolute() or ".." in path.parts:
        raise HyperpipeError(f"{path}: lies outside of {Path.cwd()}; call this in the run's directory")
    return Path(str(path).removesuffix(SUFFIX))


@PROVENANCE.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def why(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="a file of the workflow, whether it is there or not")],
    as_json: Json = False,
) -> None:
    """Says what would make a file run again, key by key and module by module, against the records that led to it.

    Runs in the run's directory. What follows the path is for Snakemake, as in the run: --configfile mine.yaml.
    """
    from hyperpipe.provenance.plan import jobs_for
    from hyperpipe.provenance.why import why as reasons_why
    from hyperpipe.provenance.why_page import why_facts, why_page

    name = str(_of_this_run(path))
    reasons = reasons_why(name, jobs_for(name, context.args))
    print(json.dumps(why_facts(name, reasons), indent=1) if as_json else why_page(name, reasons))


@PROVENANCE.command()
def explain(
    path: Annotated[Path, typer.Argument(help="a file of results; of tables.md, a cell")],
    table: Annotated[str | None, typer.Option(help="1, 2, 5 or transfer")] = None,
    row: Annotated[str | None, typer.Option(help="a population, S_KDE30")] = None,
    column: Annotated[str | None, typer.Option(help="as the table heads it, digits")] = None,
    epoch: Annotated[int | None, typer.Option(help="of fine-tuning")] = None,
    sampler: Annotated[str | None, typer.Option(help="one of those that the row has")] = None,
    as_json: Json = False,
) -> None:
    """Says where a file or a cell of the tables comes from, down to the images, and what makes it again.

    Runs in the run's directory.
    """
    from rich.console import Console

    from hyperpipe.provenance.explain import cells_beside, explained, explained_for_programs, measured_in, remade_by
    from hyperpipe.provenance.record import read_record
    from hyperpipe.results.lookup import find_cells

    if path.is_dir():
        raise HyperpipeError(f"{path}: a folder; name a file of results in it")
    (name,), cells = _results(path), None
    if any(option is not None for option in (table, row, column, epoch, sampler)):
        if row is None or column is None or epoch is None:
            raise HyperpipeError("a cell is named by --row, --column and --epoch; give all three")
        column = column.replace("->", "→")
        cells = find_cells(cells_beside(name), table=table, row=row, column=column, epoch=epoch, sampler=sampler)
        name = measured_in(name, cells)
    if as_json:
        print(json.dumps(explained_for_programs(name, cells), indent=1))
        return
    width = None if sys.stdout.isatty() else _WIDE
    Console(width=width).print(explained(name, cells))
    print("\nMade again, with this run's configuration, by", *remade_by(name, read_record(name)), sep="\n  ")


@PROVENANCE.command()
def export(
    licence: Annotated[str, typer.Option("--license", help="of the results: as SPDX names it, CC-BY-4.0, or a URL")],
    into: Annotated[Path, typer.Option(help="a new folder")],
    path: Annotated[Path, typer.Argument(help="a file of results")] = Path("results/tables.md"),
    configfile: Annotated[list[Path] | None, typer.Option(help="as in the run; once for each file")] = None,
    author: Annotated[
        list[str] | None, typer.Option(help="'Ada Lovelace <https://orcid.org/…>'; once for each")
    ] = None,
    title: Annotated[str | None, typer.Option(help="of the deposit")] = None,
    leave_out: Annotated[list[str] | None, typer.Option(help="files to name only, 'results/images/*'")] = None,
) -> None:
    """Writes results and all that they come from, with workflow and settings, as a Workflow Run RO-Crate.

    Runs in the run's directory. Only results that an audit finds whole, and only settings that made them.
    """
    from hyperpipe.provenance.crate import Deposit
    from hyperpipe.provenance.crate import export as exported
    from hyperpipe.provenance.identity import ROOT

    said = {"title": title} if title else {}
    deposit = Deposit(licence, authors=author or (), left_out=leave_out or (), **said)
    name = str(_of_this_run(path))
    contents = exported(name, configfile or [ROOT / "config.yaml"], into, deposit)
    print(f"{into}: {name} and what it comes from, {len(contents.records)} files of {len(contents.jobs)} jobs")
