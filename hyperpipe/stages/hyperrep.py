"""The stage ``hyperrep``: from a zoo to its autoencoder, the embeddings of its networks and the training's history."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.hyperrep.hyperrep_store import Embeddings, HyperRepresentation, write_embeddings, write_hyperrep
from hyperpipe.hyperrep.rows import used_rows
from hyperpipe.hyperrep.settings import HyperRepSlice
from hyperpipe.hyperrep.train import train_autoencoder
from hyperpipe.machine import gpu, training_device
from hyperpipe.store import read_table, write_table
from hyperpipe.zoo.zoo_store import read_zoo


def hyperrep_stage(
    config: HyperRepSlice, zoo_path: Path, rows_path: Path, output: Path, embeddings: Path, history: Path, threads: int
) -> dict[str, str]:
    device = training_device(config.device)
    zoo, settings = read_zoo(zoo_path), config.hyperrep
    rows = used_rows(zoo, read_table(rows_path), {"train": 2, "validation": 2})
    trained = train_autoencoder(
        rows["train"].weights,
        rows["validation"].weights,
        zoo.architecture,
        settings,
        config.loss,
        root_seed=config.seed,
        purpose=f"hyperrep/{config.zoo}/{config.loss}",
        threads=threads,
        device=device,
    )
    hyperrep = HyperRepresentation(config.zoo, config.loss, zoo.architecture, settings, trained.checkpoints)
    encoded = {
        name: Embeddings(hyperrep.encode(part.weights), part.networks, part.epochs) for name, part in rows.items()
    }
    write_table(history, trained.history.assign(zoo=config.zoo, loss=config.loss))
    write_embeddings(embeddings, encoded, hyperrep)
    write_hyperrep(output, hyperrep)
    return {"device": device if device == "cpu" else f"{device}, {gpu()}"}
