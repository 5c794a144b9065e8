"""The stage ``hyperrep``: from a zoo to its autoencoder, the embeddings of its networks and the training's history."""

from __future__ import annotations

import sys
from pathlib import Path

from hyperpipe.hyperrep.checkpoint import TrainingStore
from hyperpipe.hyperrep.hyperrep_store import Embeddings, HyperRepresentation, write_embeddings, write_hyperrep
from hyperpipe.hyperrep.rows import used_rows
from hyperpipe.hyperrep.settings import HyperRepSlice
from hyperpipe.hyperrep.train import train_autoencoder
from hyperpipe.machine import cpu, keep_memory, training_card
from hyperpipe.notes import Notes
from hyperpipe.provenance.identity import code_modules
from hyperpipe.store import read_table, write_table
from hyperpipe.zoo.zoo_store import read_zoo


def hyperrep_stage(
    config: HyperRepSlice,
    zoo_path: Path,
    rows_path: Path,
    output: Path,
    embeddings: Path,
    history: Path,
    threads: int,
    checkpoint: Path | None,
    saving: str,
) -> Notes:
    keep_memory()
    card, purpose = training_card(config.device), f"hyperrep/{config.zoo}/{config.autoencoder}"
    device = "cuda" if card else "cpu"
    zoo, settings = read_zoo(zoo_path), config.hyperrep
    rows = used_rows(zoo, read_table(rows_path), {"train": settings.batch_size, "validation": 2})
    store = TrainingStore(checkpoint, saving, code_modules("hyperpipe.hyperrep.train"), card or cpu())
    print(f"{purpose}: trains on {card or cpu()}", file=sys.stderr, flush=True)
    trained = train_autoencoder(
        rows["train"].weights,
        rows["validation"].weights,
        zoo.architecture,
        settings,
        config.loss,
        root_seed=config.seed,
        purpose=purpose,
        threads=threads,
        device=device,
        store=store,
    )
    hyperrep = HyperRepresentation(config.zoo, config.autoencoder, zoo.architecture, settings, trained.checkpoints)
    encoded = {
        selection: {
            name: Embeddings(hyperrep.encode(part.weights, selection, device), part.networks, part.epochs)
            for name, part in rows.items()
        }
        for selection in trained.checkpoints
    }
    write_table(history, trained.history.assign(zoo=config.zoo, autoencoder=config.autoencoder))
    write_embeddings(embeddings, config.zoo, config.autoencoder, encoded)
    write_hyperrep(output, hyperrep)
    store.close()
    notes = Notes(device=store.device)
    if store.resumed:
        notes["resumed"] = "after epoch " + ", ".join(map(str, store.resumed))
    return notes
