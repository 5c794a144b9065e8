"""Files that are whole or not there: HDF5 stores with checked content, and Parquet tables.

Every file is written beside its place, each time to a ``.part`` of its own, closed, brought to the disk, opened again
and checked, then renamed. An HDF5 store is of a kind (``zoo``, ``images`` …) and carries, for each dataset, the SHA-256
of its data and, over these and all attributes, a SHA-256 of its content that does not depend on HDF5's bytes.
"""

from __future__ import annotations

import glob
import hashlib
import json
import math
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hyperpipe.errors import HyperpipeError, brief

if TYPE_CHECKING:
    import h5py
    import pandas as pd

VERSION = 1
_CHUNK_BYTES = 1 << 20
_PIECE_BYTES = 16 << 20
_STALE_SECONDS = 60.0  # a part that no one has written to for so long is what a kill has left


class Store:
    """A checked HDF5 store, read when asked: ``store["weights"]`` an array, ``store.attrs`` its settings."""

    def __init__(self, path: Path, kind: str, attrs: dict[str, Any], digests: dict[str, str], content: str) -> None:
        self.path, self.kind, self.attrs, self.content = path, kind, attrs, content
        self._digests = digests

    def __contains__(self, name: str) -> bool:
        return name in self._digests

    def __iter__(self) -> Iterator[str]:
        """The names of all datasets."""
        return iter(self._digests)

    def under(self, group: str) -> list[str]:
        """The names of all datasets of a group."""
        return [name for name in self if name.startswith(group + "/")]

    def __getitem__(self, name: str) -> np.ndarray:
        """A whole dataset. Raises HyperpipeError where it is not there or its data are not those that were written."""
        if name not in self._digests:
            raise HyperpipeError(f"{self.path}: a {self.kind} store without {name!r}; delete it and make it anew")
        with _reading(self.path) as file:
            array = np.asarray(file[name][()])  # of a scalar h5py makes no array
        if _digest(array) != self._digests[name]:
            raise _damaged(self.path, f"the data of {name} have changed")
        return array

    def check(self) -> None:
        """Reads all data, some megabytes at a time. Raises HyperpipeError where they are not what was written."""
        with _reading(self.path) as file:
            for name, digest in self._digests.items():
                if _streamed(file[name]) != digest:
                    raise _damaged(self.path, f"the data of {name} have changed")


def write_store(path: str | Path, kind: str, datasets: Mapping[str, np.ndarray], attrs: Mapping[str, Any]) -> None:
    """A new HDF5 store. Names may hold slashes (``independent/weights``); attributes are anything that JSON holds.

    Raises HyperpipeError where it cannot be written; then nothing stands at `path` that was not there before.
    """
    import h5py

    arrays = {name: np.asarray(array, order="C") for name, array in datasets.items()}
    digests = {name: _digest(array) for name, array in arrays.items()}
    header = {"kind": kind, "version": VERSION, "attrs": dict(attrs), "datasets": digests}
    text = json.dumps(header, sort_keys=True)
    with writing(path) as part:
        with h5py.File(part, "w", libver="latest") as file:
            for name, array in arrays.items():
                packed = (
                    {"chunks": _chunks(array), "shuffle": True, "fletcher32": True} if array.size and array.ndim else {}
                )
                file.create_dataset(name, data=array, track_times=False, **packed)
            file.attrs["hyperpipe"] = text
            file.attrs["content_sha256"] = hashlib.sha256(text.encode()).hexdigest()
        written = read_store(part, kind)
        for name in arrays:
            written[name]


def read_store(path: str | Path, kind: str | None = None) -> Store:
    """Opens a store and checks its header. Raises HyperpipeError where it is missing, damaged or not of this kind."""
    path = Path(path)
    with _reading(path) as file:
        text, content = str(file.attrs["hyperpipe"]), str(file.attrs["content_sha256"])
        names: list[str] = []
        file.visititems(lambda name, node: names.append(name) if hasattr(node, "shape") else None)
    if hashlib.sha256(text.encode()).hexdigest() != content:
        raise _damaged(path, "its attributes have changed")
    header = json.loads(text)
    if header["version"] != VERSION:
        raise HyperpipeError(f"{path}: written in version {header['version']} of the format, this reads {VERSION}")
    if kind not in (None, header["kind"]):
        raise HyperpipeError(f"{path}: a {header['kind']} store where a {kind} store is needed")
    if sorted(names) != sorted(header["datasets"]):
        raise _damaged(path, "its list of datasets has changed")
    return Store(path, header["kind"], header["attrs"], header["datasets"], content)


def content_hash(path: str | Path) -> str:
    """SHA-256 of what a file holds: of the data and attributes of a store, of the bytes of any other file.

    Raises HyperpipeError where it is missing, or a store of which the data are not those that were written.
    """
    path = Path(path)
    if path.suffix != ".h5":
        return bytes_hash(path)
    store = read_store(path)
    store.check()
    return store.content


def bytes_hash(path: str | Path) -> str:
    """SHA-256 of a file's bytes. Raises HyperpipeError where it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise HyperpipeError(f"{path}: cannot be read ({brief(error)}); let Snakemake make it") from None


def write_table(path: str | Path, frame: pd.DataFrame) -> None:
    """A Parquet table in long form, one row a measurement."""
    with writing(path) as part:
        frame.to_parquet(part, index=False, write_page_checksum=True)
        if len(read_table(part)) != len(frame):
            raise _damaged(part, "rows are missing")


def read_table(path: str | Path) -> pd.DataFrame:
    """Raises HyperpipeError where the table is missing or damaged."""
    import pandas as pd

    try:
        return pd.read_parquet(path, page_checksum_verification=True)
    except FileNotFoundError:
        raise HyperpipeError(f"{path}: there is no such file; let Snakemake make it") from None
    except Exception as error:
        raise _damaged(Path(path), brief(error)) from None


def write_text(path: str | Path, text: str) -> None:
    with writing(path) as part:
        part.write_text(text, encoding="utf-8")


def remove(path: str | Path) -> None:
    """Removes a file, and what writes to it that were cut off have left; neither need be there."""
    for leftover in (Path(path), *_parts(Path(path))):
        leftover.unlink(missing_ok=True)


@contextmanager
def writing(path: str | Path) -> Iterator[Path]:
    """A path beside `path` to write to; on leaving without an error it is brought to the disk and renamed to `path`."""
    path = Path(path)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        _sync(part)
        os.replace(part, path)
        _sync(path.parent)
        for other in _parts(path):
            with suppress(OSError):  # its writer has just renamed it
                if time.time() - other.stat().st_mtime > _STALE_SECONDS:
                    other.unlink()
    except OSError as error:
        raise HyperpipeError(f"{path}: cannot be written ({brief(error)}); nothing was left there") from None
    finally:
        with suppress(OSError):  # not there, as it was renamed, or its folder is none
            part.unlink()


def _parts(path: Path) -> list[Path]:
    return list(path.parent.glob(f"{glob.escape(path.name)}.*.part"))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _reading(path: Path) -> Iterator[h5py.File]:
    """Whatever libhdf5 raises on a damaged file becomes one line."""
    import h5py

    if not path.is_file():
        raise HyperpipeError(f"{path}: there is no such file; let Snakemake make it")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except HyperpipeError:
        raise
    except Exception as error:
        raise _damaged(path, brief(error)) from None


def _damaged(path: Path, what: str) -> HyperpipeError:
    return HyperpipeError(f"{path}: damaged ({what}); delete it and make it anew")


def _digest(array: np.ndarray) -> str:
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.asarray(array, order="C"))
    return digest.hexdigest()


def _streamed(dataset: h5py.Dataset) -> str:
    """`_digest` of a dataset, a piece at a time."""
    digest = hashlib.sha256(f"{dataset.dtype.str}{dataset.shape}".encode())
    for piece in _pieces(dataset.shape, dataset.dtype.itemsize):
        digest.update(np.asarray(dataset[piece], order="C"))
    return digest.hexdigest()


def _pieces(shape: tuple[int, ...], itemsize: int) -> Iterator[tuple[int | slice, ...]]:
    """Where the pieces of an array are that follow one another in its bytes."""
    if not shape:
        yield ()
        return
    row = itemsize * math.prod(shape[1:])
    if row > _PIECE_BYTES:
        for index in range(shape[0]):
            for rest in _pieces(shape[1:], itemsize):
                yield (index, *rest)
    elif row:
        rows = _PIECE_BYTES // row
        for start in range(0, shape[0], rows):
            yield (slice(start, start + rows),)


def _chunks(array: np.ndarray) -> tuple[int, ...]:
    """Whole trailing axes, as many rows as fit into a megabyte."""
    shape: list[int] = []
    left = max(1, _CHUNK_BYTES // array.itemsize)
    for length in reversed(array.shape):
        shape.insert(0, max(1, min(length, left)))
        left //= shape[0]
    return tuple(shape)
