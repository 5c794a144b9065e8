"""A stage's record in a sentence: what it did, in the words of its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hyperpipe.provenance.record import Record


def description(record: Record) -> str:
    """``25 epochs on digits, tanh, Adam 0.003, batches of 10``; empty where the stage says it all."""
    said = _OF.get(record.stage, lambda config, record: "")
    try:
        return said(record.config, record)
    except KeyError:
        return "made by another version, with other settings than this one has"


def _images(config: Any, record: Record) -> str:
    images = config["images"]
    counts = ", ".join(f"{images[split]} {split}" for split in ("train", "validation", "test"))
    return f"{config['name']} ({images['source']}), {counts} images, of {len(record.raw)} files"


def _zoo_shard(config: Any, record: Record) -> str:
    return f"networks {record.seeds['networks']} of zoo {config['name']}, from {config['init']}, {_training(config)}"


def _zoo(config: Any, record: Record) -> str:
    shares = config["split"]
    return f"{config['name']}, {shares['train']:.0%} of its networks to learn from"


def _rows(config: Any, record: Record) -> str:
    left_out = ", ".join(f"{count} {reason}" for reason, count in record.exclusions.items())
    return f"networks of {config['zoo']} at epochs {_listed(config['zoo_epochs'])}; left out: {left_out}"


def _hyperrep(config: Any, record: Record) -> str:
    settings = config["hyperrep"]
    loss = "with LWLN" if config["loss"] == "lwln" else "without LWLN"
    size = f"{settings['latent']} latent dimensions, width {settings['width']}"
    frame = "'s aligned networks" if config["autoencoder"] == "aligned" else ""
    return f"autoencoder of {config['zoo']}{frame} {loss}, {size}, {settings['epochs']} epochs"


def _population(config: Any, record: Record) -> str:
    sampling = config["sampling"]
    drawn = f"{sampling['networks']} networks by each of {', '.join(sampling['samplers'])}"
    anchors = f"{config['anchors']}, {record.notes['anchors']}"
    density = f"density of training embeddings ({anchors}), bandwidth {sampling['bandwidth']}"
    return f"{config['population']} of {config['zoo']}: {drawn}; {density}; decoded by {record.notes['checkpoint']}"


def _align(config: Any, record: Record) -> str:
    signs = " and signs" if config["signs"] else ""
    found = f"agreement {record.notes['agreement']}"
    return f"orders{signs} of the units of {config['zoo']}'s networks, found after epoch {config['epoch']}; {found}"


def _weights(config: Any, record: Record) -> str:
    alphas, noise = (", ".join(f"{setting:g}" for setting in config[dial]) for dial in ("alphas", "noise"))
    drawn = f"{config['networks']} networks each: α of {alphas}, in one frame and not, mixes of {config['mixed']}"
    drawn += f"; the mean with noise of {noise}" if noise else ""
    drawn += f"; flows after {', '.join(map(str, config['flows']))} updates" if config["flows"] else ""
    return f"of {config['zoo']}'s training networks after epoch {config['epoch']} ({record.notes['anchors']}), {drawn}"


def _controls(config: Any, record: Record) -> str:
    return f"{config['networks']} networks a control, of anchors of {config['zoo']} ({config['anchors']})"


def _pretrained(config: Any, record: Record) -> str:
    return f"B_F: up to {config['networks']} training networks of {config['zoo']} after epoch {config['epoch']}"


def _scratch(config: Any, record: Record) -> str:
    return f"{config['networks']} networks for {config['zoo']} in each standard initialisation"


def _finetune(config: Any, record: Record) -> str:
    return f"{config['population']} of {config['zoo']} on the images of {config['target']}, {_training(config)}"


def _novelty(config: Any, record: Record) -> str:
    return f"populations of {config['zoo']} against its training networks"


def _accuracies(config: Any, record: Record) -> str:
    return f"means, with {config['bootstrap']['confidence']:.0%} intervals of {config['bootstrap']['resamples']} draws"


def _of_autoencoder(config: Any, record: Record) -> str:
    return f"{config['zoo']}, {config['autoencoder']}"


def _training(config: Any) -> str:
    recipe = config["recipe"]
    decay = f", weight decay {recipe['weight_decay']:g}" if recipe["weight_decay"] else ""
    how = f"{recipe['activation']}, Adam {recipe['learning_rate']:g}{decay}, batches of {recipe['batch_size']}"
    return f"{config['epochs']} epochs, {how}"


def _listed(numbers: list[int]) -> str:
    """``21 to 25``, or one after the other where some are missing."""
    whole = numbers == list(range(numbers[0], numbers[-1] + 1)) and len(numbers) > 2
    return f"{numbers[0]} to {numbers[-1]}" if whole else ", ".join(map(str, numbers))


_OF: dict[str, Callable[[Any, Record], str]] = {
    "images": _images,
    "zoo-shard": _zoo_shard,
    "zoo": _zoo,
    "rows": _rows,
    "hyperrep": _hyperrep,
    "reconstructions": _of_autoencoder,
    "population": _population,
    "align": _align,
    "weights": _weights,
    "controls": _controls,
    "pretrained": _pretrained,
    "scratch": _scratch,
    "finetune": _finetune,
    "novelty": _novelty,
    "accuracies": _accuracies,
    "figure-learning": _of_autoencoder,
}
