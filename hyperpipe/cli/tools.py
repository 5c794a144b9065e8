"""Verbs that are no stage: what settings there are, how long stages took, how fast it is here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

TOOLS = typer.Typer()
bench = typer.Typer(no_args_is_help=True, help="Measures how fast it is here.")
TOOLS.add_typer(bench, name="bench")


@TOOLS.command()
def settings() -> None:
    """Lists every key of config.yaml, as Markdown."""
    from hyperpipe.config_reference import config_reference

    print(config_reference(), end="")


@TOOLS.command()
def cost(
    files: Annotated[list[Path] | None, typer.Argument(help="as `snakemake --configfile` takes them")] = None,
) -> None:
    """Says what a run takes before it is started: jobs, operations, hours on a core, as Markdown."""
    from hyperpipe.config_file import read_config
    from hyperpipe.cost.table import cost_table

    print(cost_table(read_config(files or [Path("config.yaml")])))


@TOOLS.command()
def times(folder: Annotated[Path, typer.Argument()] = Path("results/benchmarks")) -> None:
    """Lists how long each stage took in a run, as Markdown."""
    from hyperpipe.results.times import times as stage_times

    print(stage_times(folder))


@bench.command("population")
def bench_population(
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    channels: Annotated[int, typer.Option(min=1, help="of the images")] = 1,
    device: Annotated[Literal["cpu", "cuda"], typer.Option(help="what to measure")] = "cpu",
) -> None:
    """Training rates of the back ends, on a CPU beside a plain loop's and the core's own; about two minutes."""
    if device == "cuda":
        from hyperpipe.bench.population_cuda import as_table, measure_population_on

        result = measure_population_on("cuda", channels)
    else:
        from hyperpipe.bench.population import as_table, measure_population

        result = measure_population(channels)
    print(json.dumps(result, indent=1) if as_json else as_table(result))


@bench.command("hyperrep")
def bench_hyperrep(
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    device: Annotated[Literal["cpu", "cuda"], typer.Option(help="what to measure")] = "cpu",
) -> None:
    """Seconds an autoencoder's update takes on a core or a GPU, beside one as first written; about two minutes."""
    from hyperpipe.bench.hyperrep import as_table, measure_hyperrep

    result = measure_hyperrep(device)
    print(json.dumps(result, indent=1) if as_json else as_table(result))
