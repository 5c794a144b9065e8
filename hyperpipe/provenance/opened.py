"""Which files were read: what the process itself opens, as Python tells it, instead of what someone listed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CODE = (".py", ".pyc")
_watching: list[set[str]] = []
_hooked = False


@contextmanager
def files_read(below: Sequence[Path]) -> Iterator[list[Path]]:
    """The files that are opened for reading inside of the ``with``, on leaving it, if they lie below one of these
    folders or are one of these files; each once, sorted.

    It sees whatever Python itself opens, for Pillow, numpy and torchvision too, in any thread; no HDF5 file. Code is
    left out: whether an import reads it, or a cache of it, is a matter of what ran before.
    """
    global _hooked
    if not _hooked:  # a hook stays for as long as the process lives
        sys.addaudithook(_opened)
        _hooked = True
    seen: set[str] = set()
    found: list[Path] = []
    _watching.append(seen)
    try:
        yield found
    finally:
        _watching.remove(seen)
    places = [path.resolve() for path in below]
    files = sorted(path for path in {Path(name).absolute() for name in seen} if path.suffix not in _CODE)
    found += [file for file in files if file.is_file() and any(file.resolve().is_relative_to(p) for p in places)]


def _opened(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _watching and isinstance(arguments[0], str | bytes | os.PathLike):
        path, _, flags = arguments
        if flags & os.O_ACCMODE == os.O_RDONLY:
            for seen in _watching:
                seen.add(os.fsdecode(path))
