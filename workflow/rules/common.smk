"""What rules ask of the configuration: slices and inputs. Every helper function of the workflow is here."""

import os
import sys
from pathlib import Path

from hyperpipe import config as hp
from hyperpipe.cost import jobs as cost, memory
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.settings import AUTOENCODERS, OF_PAPER
from hyperpipe.provenance.identity import code_id
from hyperpipe.sampling.settings import POPULATIONS, SAMPLED, own_sampler

# `python` in the rules' commands is the one that runs Snakemake, also where that was called by its path.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()])
)

try:
    CONFIG = hp.load_config(config, " + ".join(CONFIG_FILES) or "config.yaml")
except HyperpipeError as error:
    sys.exit(f"hyperpipe: {error}")

# The files of the user's own samplers. Where one is missing, Snakemake would go on with what it once sampled.
_OWN = filter(None, map(own_sampler, CONFIG.sampling.samplers))
OWN_SAMPLERS = list(dict.fromkeys(file for file, _ in _OWN))
for file in OWN_SAMPLERS:
    if not Path(file).is_file():
        sys.exit(f"hyperpipe: sampling.samplers: {file} is not in {Path.cwd()}")


def as_json(part):
    return part.model_dump_json()


def images_config(wildcards):
    return as_json(hp.images_slice(CONFIG, wildcards.dataset))


def shard_config(wildcards):
    return as_json(hp.shard_slice(CONFIG, wildcards.zoo))


def gpus(wildcards):
    """Of a training job; on SLURM it is given one, elsewhere `--resources gpu=1` lets one such job run at a time."""
    return 1 if CONFIG.training.device == "cuda" else 0


def shard_minutes(wildcards):
    return cost.minutes(cost.shard_job(CONFIG, **wildcards))


def hyperrep_minutes(wildcards):
    """A day at the most: its training is saved as it goes on, and goes on when called again."""
    return min(cost.minutes(cost.hyperrep_job(CONFIG, wildcards.zoo)), 24 * 60)


def training_megabytes(wildcards):
    return memory.training_megabytes(CONFIG.hyperrep)


def reading_megabytes(wildcards):
    """Of whatever reads an autoencoder."""
    return memory.reading_megabytes(CONFIG.hyperrep)


def weights_minutes(wildcards):
    return cost.minutes(cost.weights_job(CONFIG))


def finetune_minutes(wildcards):
    return cost.minutes(cost.finetune_job(CONFIG, **wildcards))


def novelty_minutes(wildcards):
    return cost.minutes(cost.novelty_job(CONFIG, wildcards.zoo))


def zoo_config(wildcards):
    return as_json(hp.zoo_slice(CONFIG, wildcards.zoo))


def rows_config(wildcards):
    return as_json(hp.rows_slice(CONFIG, wildcards.zoo))


def hyperrep_config(wildcards):
    return as_json(hp.hyperrep_slice(CONFIG, wildcards.zoo, wildcards.autoencoder))


def reconstructions_config(wildcards):
    return as_json(
        hp.reconstructions_slice(CONFIG, wildcards.zoo, wildcards.autoencoder)
    )


def figure_learning_config(wildcards):
    return as_json(hp.learning_slice(wildcards.zoo, wildcards.autoencoder))


def figure_config(wildcards):
    return as_json(hp.figure_slice(CONFIG, wildcards.zoo))


def population_config(wildcards):
    return as_json(hp.population_slice(CONFIG, wildcards.zoo, wildcards.population))


def align_config(wildcards):
    return as_json(hp.align_slice(CONFIG, wildcards.zoo))


def weights_config(wildcards):
    return as_json(hp.weights_slice(CONFIG, wildcards.zoo))


def controls_config(wildcards):
    return as_json(hp.controls_slice(CONFIG, wildcards.zoo))


def pretrained_config(wildcards):
    return as_json(hp.pretrained_slice(CONFIG, wildcards.zoo))


def scratch_config(wildcards):
    return as_json(hp.scratch_slice(CONFIG, wildcards.zoo))


def finetune_config(wildcards):
    return as_json(hp.finetune_slice(CONFIG, **wildcards))


def novelty_config(wildcards):
    return as_json(hp.novelty_slice(CONFIG, wildcards.zoo))


def accuracies_config(wildcards):
    return as_json(hp.accuracies_slice(CONFIG))


def tables_config(wildcards):
    return as_json(hp.tables_slice(CONFIG))


def fidelity_config(wildcards):
    return as_json(hp.fidelity_slice(CONFIG))


def images_of_zoo(wildcards):
    return f"results/images/{CONFIG.zoos[wildcards.zoo].images}.h5"


def images_of_target(wildcards):
    return f"results/images/{CONFIG.zoos[wildcards.target].images}.h5"


def networks_of_autoencoder(wildcards):
    """The zoo as it learns of it."""
    _, aligned = AUTOENCODERS[wildcards.autoencoder]
    return f"results/zoos/{wildcards.zoo}/{'aligned' if aligned else 'zoo'}.h5"


def hyperrep_of_population(wildcards):
    autoencoder, _ = POPULATIONS[wildcards.population]
    return f"results/hyperreps/{wildcards.zoo}/{autoencoder}/hyperrep.h5"


def embeddings_of_population(wildcards):
    autoencoder, _ = POPULATIONS[wildcards.population]
    return f"results/hyperreps/{wildcards.zoo}/{autoencoder}/embeddings.h5"


def evaluations(wildcards):
    runs = hp.finetunings(CONFIG)
    return ["results/evaluations/{}/{}/{}.parquet".format(*run) for run in runs]


def hyperreps_of_zoo(file):
    """That file of every autoencoder of a zoo."""
    return expand(
        "results/hyperreps/{{zoo}}/{autoencoder}/{file}",
        autoencoder=CONFIG.autoencoders(),
        file=file,
    )


def of_hyperreps(file):
    """That file of every autoencoder."""
    return expand(
        "results/hyperreps/{zoo}/{autoencoder}/{file}",
        zoo=CONFIG.sources,
        autoencoder=CONFIG.autoencoders(),
        file=file,
    )


def populations_of_zoo(wildcards):
    names = [*CONFIG.populations(), "B_F", "controls", "scratch"]
    return expand("results/populations/{zoo}/{name}.h5", zoo=wildcards.zoo, name=names)


def figures(wildcards):
    """Those that the page shows."""
    names = ("curves", "novelty", "weights", "latents")
    of_sources = expand(
        "results/figures/{zoo}/{name}.png", zoo=CONFIG.sources, name=names
    )
    return of_sources + of_hyperreps("learning.png")


def shards_of_zoo(wildcards):
    return [
        f"results/zoos/{wildcards.zoo}/shards/{shard}.h5"
        for shard in hp.shards(CONFIG.zoos[wildcards.zoo])
    ]


wildcard_constraints:
    dataset="|".join(CONFIG.images),
    zoo="|".join(CONFIG.zoos),
    shard=r"\d+-\d+",
    autoencoder="|".join(AUTOENCODERS),
    population="|".join([*SAMPLED, "B_F", "controls", "scratch"]),
    target="|".join(CONFIG.zoos),
