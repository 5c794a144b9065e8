"""What is kept of a training: the autoencoder at chosen epochs, and all that a training under way needs to go on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.settings import SAVING, interval
from hyperpipe.store import Store, read_store, remove, write_store

HISTORY = ["epoch", "split", "quantity", "layer", "value"]
Identity = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Checkpoint:
    """After `epoch` epochs of training; state: the autoencoder's tensors by name."""

    epoch: int
    state: dict[str, np.ndarray]


@dataclass(frozen=True)
class TrainingState:
    """A training after `epoch` epochs.

    autoencoder, head, optimiser, schedule: their ``state_dict``. best: the checkpoint of the lowest validation error so
    far, `lowest`. history: rows of `HISTORY`. Random streams have no state: each epoch draws from a seed of its own.
    """

    epoch: int
    autoencoder: dict[str, torch.Tensor]
    head: dict[str, torch.Tensor]
    optimiser: dict[str, Any]
    schedule: dict[str, Any]
    best: Checkpoint | None
    lowest: float
    history: list[tuple[int, str, str, str, float]]


class TrainingStore:
    """The file of a training under way, written whole each time; without a path there is none and nothing is saved.

    saving: how often, ``10 minutes`` or ``50 epochs``. code: hash of each module that training consists of. device:
    what trains here, in words. A file that was saved by other code or torch, with other settings or on other rows is
    refused; another device goes on, and `device` says so.
    """

    def __init__(
        self,
        path: Path | None = None,
        saving: str = SAVING,
        code: Mapping[str, str] | None = None,
        device: str = "",
    ) -> None:
        try:
            self._every, self._unit = interval(saving)
        except ValueError as error:
            raise HyperpipeError(f"saving: {error}") from None
        self.path, self._last = path, time.monotonic()
        self.code, self._began_on = dict(code or {}), [(0, device)]
        self.epoch: int | None = None  # of what is in the file
        self._identity: Identity = {}

    @property
    def device(self) -> str:
        """What trained, in words; with the epochs where another one went on."""
        parts = [self._began_on[0][1]]
        for (_, before), (epoch, device) in zip(self._began_on, self._began_on[1:], strict=False):
            parts += [f"from epoch {epoch + 1} on {device}"] if device != before else []
        return ", ".join(parts)

    @property
    def resumed(self) -> list[int]:
        """The epochs after which a training that had been stopped went on."""
        return [epoch for epoch, _ in self._began_on[1:]]

    def open(self, identity: Identity) -> TrainingState | None:
        """The training that the file holds, if there is one.

        identity: what makes a training the same one, ``config`` and ``zoo``; kept for what will be saved. Raises
        HyperpipeError where the file is damaged, or that of another training: it says what differs.
        """
        versions = {"torch": torch.__version__}
        self._identity = json.loads(json.dumps(identity | {"code": self.code, "versions": versions}))
        if self.path is None or not self.path.exists():
            return None
        store = read_store(self.path, "training")
        differs = list(_differences(store.attrs["identity"], self._identity))
        if differs:
            said = f"{self.path}: saved by another training, what differs: {'; '.join(differs)}"
            raise HyperpipeError(f"{said}; delete it to train anew")
        self.epoch = store.attrs["epoch"]
        before = [(epoch, device) for epoch, device in store.attrs["began_on"]]
        self._began_on = [*before, (self.epoch, self._began_on[0][1])]
        return _state(store)

    def due(self, epoch: int) -> bool:
        """Whether it is time to save a training after `epoch` epochs."""
        if self.path is None:
            return False
        if self._unit == "epoch":
            return epoch % self._every == 0
        return time.monotonic() - self._last >= 60 * self._every

    def save(self, state: TrainingState) -> None:
        datasets, attrs = _stored(state)
        write_store(self.path, "training", datasets, attrs | {"identity": self._identity, "began_on": self._began_on})
        self.epoch, self._last = state.epoch, time.monotonic()

    def close(self) -> None:
        """Removes the file: the training is over and what came of it written."""
        if self.path is not None:
            remove(self.path)


def _stored(state: TrainingState) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    moments = {
        f"{index}/{name}": tensor
        for index, of_parameter in state.optimiser["state"].items()
        for name, tensor in of_parameter.items()
    }
    tensors = {"autoencoder": state.autoencoder, "head": state.head, "optimiser": moments}
    datasets = {f"{part}/{name}": tensor.cpu().numpy() for part, of in tensors.items() for name, tensor in of.items()}
    history = pd.DataFrame(state.history, columns=HISTORY)
    for column in HISTORY:
        values = history[column]
        datasets[f"history/{column}"] = values.to_numpy("S" if values.dtype.kind not in "if" else None)
    if state.best is not None:
        datasets |= {f"best/{name}": array for name, array in state.best.state.items()}
    attrs = {
        "epoch": state.epoch,
        "best": state.best and {"epoch": state.best.epoch, "error": state.lowest},
        "optimiser": state.optimiser["param_groups"],
        "schedule": state.schedule,
    }
    return datasets, attrs


def _state(store: Store) -> TrainingState:
    def under(part: str) -> dict[str, np.ndarray]:
        return {name.partition("/")[2]: store[name] for name in store.under(part)}

    attrs, moments = store.attrs, {}
    for place, array in under("optimiser").items():
        index, _, name = place.partition("/")
        moments.setdefault(int(index), {})[name] = torch.from_numpy(array)
    columns = under("history")
    text = {name: array.astype(str) for name, array in columns.items() if array.dtype.kind == "S"}
    best = attrs["best"]
    return TrainingState(
        attrs["epoch"],
        {name: torch.from_numpy(array) for name, array in under("autoencoder").items()},
        {name: torch.from_numpy(array) for name, array in under("head").items()},
        {"state": moments, "param_groups": attrs["optimiser"]},
        attrs["schedule"],
        Checkpoint(best["epoch"], under("best")) if best else None,
        best["error"] if best else float("inf"),
        list(zip(*((text.get(name, columns[name])).tolist() for name in HISTORY), strict=True)),
    )


def _differences(saved: Identity, now: Identity) -> Iterator[str]:
    """In words, between what a training was and what it is to be."""
    for part in sorted(saved.keys() | now.keys()):
        before, after = (dict(_flat(identity.get(part, {}))) for identity in (saved, now))
        for key in sorted(before.keys() | after.keys()):
            old, new = before.get(key), after.get(key)
            if old != new:
                yield {"code": f"code of {key}", "zoo": f"the zoo's {key} rows"}.get(part, f"{key} was {old}, is {new}")


def _flat(node: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{place}{key}.")
        else:
            yield place + key, value
