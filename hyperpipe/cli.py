"""The command line: one verb a stage, as the workflow's rules call them.

Inputs end in ``-path`` or ``-paths``, outputs in ``-output``, so that a command line says which file is which.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from hyperpipe.errors import HyperpipeError
from hyperpipe.evaluation.settings import AccuraciesSlice, FinetuneSlice, NoveltySlice, ReconstructionsSlice
from hyperpipe.hyperrep.settings import SAVING, HyperRepSlice, RowsSlice
from hyperpipe.images.settings import ImagesSlice
from hyperpipe.provenance.record import recording
from hyperpipe.results.settings import FidelitySlice, LearningSlice, TablesSlice
from hyperpipe.sampling.settings import ControlsSlice, PopulationSlice, PretrainedSlice, ScratchSlice
from hyperpipe.validation import parse_json, parse_slice
from hyperpipe.zoo.settings import ShardSlice, ZooSlice

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

bench = typer.Typer(no_args_is_help=True, help="Measures how fast it is here.")
app.add_typer(bench, name="bench")

Slice = Annotated[str, typer.Option("--config", help="the stage's slice of the configuration, JSON")]
Seeds = Annotated[str, typer.Option(help="a range, 0001-0032")]
Input = Annotated[Path, typer.Option()]
Inputs = Annotated[str, typer.Option(help="paths with spaces between them")]
Output = Annotated[Path, typer.Option()]
Threads = Annotated[int, typer.Option(min=1)]


def stage(verb: Callable[..., dict[str, str] | None]) -> Callable[..., None]:
    """Makes a function a verb of the command line that leaves a record beside each of its outputs.

    What it returns goes into the record's notes.
    """

    @app.command()
    @functools.wraps(verb)
    def command(**arguments: Any) -> None:
        inputs = [value for name, value in arguments.items() if name.endswith("_path")]
        inputs += [path for name, value in arguments.items() if name.endswith("_paths") for path in _paths(value)]
        outputs = [value for name, value in arguments.items() if name.endswith("_output")]
        config = parse_json(arguments["config"])
        with recording(verb.__name__.replace("_", "-"), config, inputs, outputs, arguments.get("seeds")) as notes:
            notes.update(verb(**arguments) or {})

    return verb


@stage
def images(config: Slice, store_output: Output) -> None:
    """Makes a data set: uint8 images with fixed splits."""
    from hyperpipe.stages.images import images_stage

    images_stage(parse_slice(ImagesSlice, config), store_output)


@stage
def zoo_shard(
    config: Slice, seeds: Seeds, images_path: Input, store_output: Output, threads: Threads = 1
) -> dict[str, str]:
    """Trains the networks of a range of seeds, ``0001-0032``."""
    from hyperpipe.stages.zoo_shard import shard_stage

    first, _, last = seeds.partition("-")
    if not (first.isdigit() and last.isdigit() and int(first) <= int(last)):
        raise HyperpipeError(f"--seeds {seeds}: must be a range like 0001-0032")
    numbers = range(int(first), int(last) + 1)
    return shard_stage(parse_slice(ShardSlice, config), numbers, images_path, store_output, threads)


@stage
def zoo(config: Slice, shard_paths: Inputs, store_output: Output, split_output: Output, metrics_output: Output) -> None:
    """Joins the shards of a zoo, splits its networks, lists its metrics."""
    from hyperpipe.stages.zoo import zoo_stage

    zoo_stage(parse_slice(ZooSlice, config), _paths(shard_paths), store_output, split_output, metrics_output)


@stage
def rows(config: Slice, zoo_path: Input, split_path: Input, table_output: Output) -> None:
    """Lists the rows of a zoo, a network at an epoch, and which of them are left out."""
    from hyperpipe.stages.rows import rows_stage

    rows_stage(parse_slice(RowsSlice, config), zoo_path, split_path, table_output)


@stage
def hyperrep(
    config: Slice,
    zoo_path: Input,
    rows_path: Input,
    store_output: Output,
    embeddings_output: Output,
    history_output: Output,
    threads: Threads = 1,
    checkpoint: Annotated[Path | None, typer.Option(help="to go on from after a kill; removed at the end")] = None,
    saving: Annotated[str, typer.Option(help="how often that is written")] = SAVING,
) -> dict[str, str]:
    """Trains the autoencoder of a zoo and embeds its networks."""
    from hyperpipe.stages.hyperrep import hyperrep_stage

    outputs = store_output, embeddings_output, history_output
    slice_ = parse_slice(HyperRepSlice, config)
    return hyperrep_stage(slice_, zoo_path, rows_path, *outputs, threads, checkpoint, saving)


@stage
def reconstructions(
    config: Slice,
    hyperrep_path: Input,
    zoo_path: Input,
    rows_path: Input,
    images_path: Input,
    table_output: Output,
    threads: Threads = 1,
) -> dict[str, str]:
    """Tests a zoo's networks beside what an autoencoder makes of them."""
    from hyperpipe.stages.reconstructions import reconstructions_stage

    inputs = hyperrep_path, zoo_path, rows_path, images_path
    return reconstructions_stage(parse_slice(ReconstructionsSlice, config), *inputs, table_output, threads)


@stage
def learning(
    config: Slice, history_path: Input, reconstructions_path: Input, png_output: Output, svg_output: Output
) -> None:
    """Draws an autoencoder's training."""
    from hyperpipe.stages.learning import learning_stage

    learning_stage(parse_slice(LearningSlice, config), history_path, reconstructions_path, png_output, svg_output)


@stage
def population(
    config: Slice,
    hyperrep_path: Input,
    embeddings_path: Input,
    metrics_path: Input,
    store_output: Output,
    sampler_paths: Inputs = "",
) -> None:
    """Samples populations from a hyper-representation, one a sampler, and reconstructs anchors.

    The paths of samplers of the user's own are among the settings; named here too, they are in the record.
    """
    from hyperpipe.stages.population import population_stage

    inputs = hyperrep_path, embeddings_path, metrics_path
    population_stage(parse_slice(PopulationSlice, config), *inputs, store_output)


@stage
def controls(
    config: Slice, hyperrep_path: Input, zoo_path: Input, rows_path: Input, metrics_path: Input, store_output: Output
) -> None:
    """Makes populations of a zoo's training networks without a density: what sampled ones have to beat."""
    from hyperpipe.stages.controls import controls_stage

    inputs = hyperrep_path, zoo_path, rows_path, metrics_path
    controls_stage(parse_slice(ControlsSlice, config), *inputs, store_output)


@stage
def pretrained(config: Slice, zoo_path: Input, rows_path: Input, store_output: Output) -> None:
    """Takes a zoo's own training networks as a population, B_F."""
    from hyperpipe.stages.pretrained import pretrained_stage

    pretrained_stage(parse_slice(PretrainedSlice, config), zoo_path, rows_path, store_output)


@stage
def scratch(config: Slice, images_path: Input, store_output: Output) -> None:
    """Makes populations in the standard initialisations."""
    from hyperpipe.stages.scratch import scratch_stage

    scratch_stage(parse_slice(ScratchSlice, config), images_path, store_output)


@stage
def finetune(
    config: Slice, population_path: Input, images_path: Input, table_output: Output, threads: Threads = 1
) -> dict[str, str]:
    """Fine-tunes the populations of a store on a target's images."""
    from hyperpipe.stages.finetune import finetune_stage

    return finetune_stage(parse_slice(FinetuneSlice, config), population_path, images_path, table_output, threads)


@stage
def novelty(
    config: Slice,
    population_paths: Inputs,
    hyperrep_paths: Inputs,
    embeddings_paths: Inputs,
    zoo_path: Input,
    rows_path: Input,
    images_path: Input,
    table_output: Output,
    threads: Threads = 1,
) -> None:
    """Says how far the networks of populations are from those that their zoo was learnt of."""
    from hyperpipe.stages.novelty import novelty_stage

    several = map(_paths, (population_paths, hyperrep_paths, embeddings_paths))
    single = zoo_path, rows_path, images_path
    novelty_stage(parse_slice(NoveltySlice, config), *several, *single, table_output, threads)


@stage
def accuracies(
    config: Slice, evaluation_paths: Inputs, metrics_paths: Inputs, split_paths: Inputs, table_output: Output
) -> None:
    """Lists mean, spread and interval of every population's accuracies."""
    from hyperpipe.stages.accuracies import accuracies_stage

    inputs = evaluation_paths, metrics_paths, split_paths
    accuracies_stage(parse_slice(AccuraciesSlice, config), *map(_paths, inputs), table_output)


@stage
def tables(
    config: Slice,
    accuracies_path: Input,
    rows_paths: Inputs,
    history_paths: Inputs,
    reconstructions_paths: Inputs,
    novelty_paths: Inputs,
    page_output: Output,
    html_output: Output,
    cells_output: Output,
    csv_output: Output,
    figures: Inputs = "",
) -> None:
    """Computes the paper's tables: a page, as Markdown and HTML, and its cells. Figures are not read but shown."""
    from hyperpipe.stages.tables import tables_stage

    inputs = map(_paths, (rows_paths, history_paths, reconstructions_paths, novelty_paths))
    outputs = page_output, html_output, cells_output, csv_output
    tables_stage(parse_slice(TablesSlice, config), accuracies_path, *inputs, *outputs, _paths(figures))


@stage
def fidelity(config: Slice, metrics_paths: Inputs, page_output: Output) -> None:
    """Holds zoos against what the paper gives of them."""
    from hyperpipe.stages.fidelity import fidelity_stage

    fidelity_stage(parse_slice(FidelitySlice, config), _paths(metrics_paths), page_output)


@app.command()
def settings() -> None:
    """Lists every key of config.yaml, as Markdown."""
    from hyperpipe.config_reference import config_reference

    print(config_reference(), end="")


@app.command()
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


def _paths(text: str) -> list[Path]:
    return [Path(word) for word in text.split()]


def main() -> None:
    """Runs the command line; a user's mistake is one line and exit status 1."""
    try:
        app()
    except HyperpipeError as error:
        print(f"hyperpipe: {error}", file=sys.stderr)
        sys.exit(1)
