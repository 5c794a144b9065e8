"""The stage ``novelty``: how near every population of a zoo is to the zoo's training networks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import torch

from hyperpipe.alignment.symmetries import symmetries
from hyperpipe.alignment.units import layer_scales
from hyperpipe.evaluation.nearest import Known
from hyperpipe.evaluation.novelty import Training, novelty
from hyperpipe.evaluation.settings import NoveltySlice
from hyperpipe.hyperrep.hyperrep_store import read_embeddings, read_hyperrep
from hyperpipe.hyperrep.rows import used_rows
from hyperpipe.images.image_set import read_images
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.store import read_table, write_table
from hyperpipe.zoo.zoo_store import read_zoo


def novelty_stage(
    config: NoveltySlice,
    population_paths: list[Path],
    hyperrep_paths: list[Path],
    embeddings_paths: list[Path],
    zoo_path: Path,
    rows_path: Path,
    images_path: Path,
    output: Path,
    threads: int,
) -> None:
    """hyperreps, embeddings: of each autoencoder. A population's latents are of the autoencoder that made it, or
    else of the one with LWLN.

    As population ``B_T`` the zoo's networks of the test split are among them: what was trained on its own.
    """
    torch.set_num_threads(threads)
    zoo, images = read_zoo(zoo_path), read_images(images_path)
    rows = used_rows(zoo, read_table(rows_path), {"train": 1})
    train, unseen = rows["train"], rows["test"]
    populations = [("B_T", "zoo", "lwln", unseen.weights[unseen.epochs == config.epoch])]
    for store in map(read_populations, population_paths):
        autoencoder = store.settings.get("autoencoder", "lwln")
        populations += [(store.name, sampler, autoencoder, weights) for sampler, weights in store.weights.items()]
    embedded = {
        autoencoder: read_embeddings(path, config.selection, "train")
        for autoencoder, path in zip(config.autoencoders, embeddings_paths, strict=True)
    }
    training = Training(
        Known(train.weights, train.networks, train.epochs),
        {autoencoder: Known(of.latents, of.networks, of.epochs) for autoencoder, of in embedded.items()},
        layer_scales(train.weights, zoo.architecture),
        config.epoch,
        symmetries(zoo.architecture, config.recipe.activation),
    )
    frames = []
    for autoencoder, path in zip(config.autoencoders, hyperrep_paths, strict=True):
        hyperrep = read_hyperrep(path)  # one at a time: they are large at the paper's scale
        for population, sampler, made_by, weights in populations:
            if made_by != autoencoder or not len(weights):
                continue
            latents, purpose = hyperrep.encode(weights, config.selection), f"novelty/{config.zoo}/{population}"
            found = novelty(
                weights,
                latents,
                autoencoder,
                training,
                images,
                config.recipe,
                purpose=purpose,
                threads=threads,
            )
            names = pd.DataFrame({"zoo": config.zoo, "population": population, "sampler": sampler}, index=found.index)
            frames.append(pd.concat([names, found], axis=1))
    write_table(output, pd.concat(frames, ignore_index=True))
