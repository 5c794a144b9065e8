"""Compiles a population's code for one architecture and this machine, once, and keeps it.

A plain shared library with ctypes, not a torch extension: it builds in two seconds instead of thirty, against no ABI
but C's, and needs no torch here, so that jobs which start together do not each load it only to wait for one compiler.

The library's name holds what it was made of (sources, compiler, flags, architecture, machine) and the hash of its own
content: a home directory may be shared by machines that differ, and a file cut short is made anew instead of loaded.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

from hyperpipe.cnn import Activation, Architecture
from hyperpipe.errors import HyperpipeError

_TIMEOUT = 300  # s
_COMPILERS = ("g++", "clang++", "c++")


class BuildError(HyperpipeError):
    """The native back end cannot be built here: why, in one line."""


def build(compiler: list[str], source: Path, architecture: Architecture, activation: Activation, *facts: str) -> Path:
    """The shared library that `compiler` makes of `source`, built if it is not there yet.

    compiler: with its flags. facts: what else the library depends on. Environment: HYPERPIPE_CACHE sets the folder, by
    default ``~/.cache/hyperpipe``. Raises BuildError.
    """
    command = [*compiler, *constants(architecture, activation)]
    key, folder = _key(command, source, facts), _cache() / "native"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{key}.lock"):
            return _whole(folder, key) or _compile(command, source, folder, key)
    except OSError as error:
        raise BuildError(f"{folder}: {error.strerror or error}; set HYPERPIPE_CACHE to a folder for it") from error


def load(library: Path) -> ctypes.CDLL:
    """Raises BuildError where it cannot be loaded."""
    try:
        return ctypes.CDLL(str(library))
    except OSError as error:  # say, a file system mounted noexec
        raise BuildError(f"{error}; set HYPERPIPE_CACHE to a folder that programs may be loaded from") from error


def cxx() -> list[str]:
    """The C++ compiler: what CXX names, or one that is there. Raises BuildError."""
    if command := named("CXX"):
        return command
    if found := next(filter(shutil.which, _COMPILERS), None):
        return [found]
    raise BuildError(f"no C++ compiler found ({', '.join(_COMPILERS)}); install one, or name it with CXX")


def described(command: list[str]) -> str:
    """A compiler in words: its version, as it says it, and its flags."""
    said = _run([command[0], "--version"]).stdout.splitlines()
    version = next((line for line in said if re.search(r"\d+\.\d+", line)), command[0])
    return " ".join([version, *command[1:]])


def named(variable: str) -> list[str]:
    """The command that an environment variable names, if it does. Raises BuildError where that is not there."""
    command = shlex.split(os.environ.get(variable, ""))
    if command and shutil.which(command[0]) is None:
        raise BuildError(f"the compiler that {variable} names, {command[0]}, is not there")
    return command


def constants(architecture: Architecture, activation: Activation) -> list[str]:
    """What the sources are compiled with for these networks."""
    names = ("CHANNELS1", "CHANNELS2", "CHANNELS3")
    sizes = dict(zip(names, architecture.channels, strict=True))
    sizes |= {"INPUTS": architecture.in_channels, "HIDDEN": architecture.hidden, "CLASSES": architecture.classes}
    return [f"-D{name}={size}" for name, size in sizes.items()] + [f"-DACTIVATION_{activation.upper()}"]


def _cache() -> Path:
    if chosen := os.environ.get("HYPERPIPE_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hyperpipe"


def _key(command: list[str], source: Path, facts: tuple[str, ...]) -> str:
    """A name for all that the library depends on."""
    folders = source.parent, Path(__file__).parent
    files = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file() and path.suffix != ".py"]
    parts = [command, _run([command[0], "--version"]).stdout, facts, [[path.name, path.read_text()] for path in files]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


def _whole(folder: Path, key: str) -> Path | None:
    """The library that is there, if its content is what its name says."""
    for path in folder.glob(f"{key}-*.so"):
        if path.stem == f"{key}-{_content(path)}":
            return path
        path.unlink()
    return None


def _compile(command: list[str], source: Path, folder: Path, key: str) -> Path:
    part = folder / f"{key}.part"
    done = _run([*command, str(source), "-o", str(part)])
    if done.returncode:
        said = (done.stderr + done.stdout).splitlines()
        lines = [line for line in said if "error" in line or "fatal" in line] or said or ["failed"]
        raise BuildError(f"{command[0]}: {lines[0].strip()}")
    return part.rename(folder / f"{key}-{_content(part)}.so")


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:20]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{command[0]} took longer than {_TIMEOUT} s") from error
