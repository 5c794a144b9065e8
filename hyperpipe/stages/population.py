"""The stage ``population``: networks sampled from a hyper-representation by every sampler, and reconstructions."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.hyperrep.hyperrep_store import read_embeddings, read_hyperrep
from hyperpipe.notes import Notes
from hyperpipe.randomness import stream
from hyperpipe.sampling.anchors import choose_anchors, draw_anchors
from hyperpipe.sampling.population_store import Populations, write_populations
from hyperpipe.sampling.samplers import samplers
from hyperpipe.sampling.settings import RECONSTRUCTION, PopulationSlice
from hyperpipe.store import read_table


def population_stage(
    config: PopulationSlice, hyperrep_path: Path, embeddings_path: Path, metrics_path: Path, output: Path
) -> Notes:
    """One population a sampler, and plain reconstructions of some of the anchors, each of them once at the most."""
    settings = config.sampling
    hyperrep, selection = read_hyperrep(hyperrep_path), settings.selection
    embedded = read_embeddings(embeddings_path, selection, "train")
    chosen = choose_anchors(embedded.networks, embedded.epochs, read_table(metrics_path), config.anchors, settings.best)
    anchors, purpose = embedded.latents[chosen], f"population/{config.zoo}/{config.population}"
    latents = {
        name: sample(anchors, settings.networks, settings.bandwidth, stream(config.seed, purpose, name))
        for name, sample in samplers(settings.samplers).items()
    }
    drawn = draw_anchors(len(anchors), settings.networks, config.seed, config.zoo, config.population)
    latents[RECONSTRUCTION] = anchors[drawn]
    weights = {name: hyperrep.decode(rows, selection) for name, rows in latents.items()}
    made = config.model_dump(exclude={"zoo", "population"}) | {
        "autoencoder": hyperrep.name,
        "autoencoder_epoch": hyperrep.checkpoints[selection].epoch,
        "anchor_rows": len(anchors),
    }
    write_populations(output, Populations(config.population, config.zoo, hyperrep.architecture, weights, made))
    checkpoint = f"{selection}, epoch {hyperrep.checkpoints[selection].epoch}"
    return Notes(checkpoint=checkpoint, anchors=f"{len(anchors)} rows")
