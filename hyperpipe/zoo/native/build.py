"""Compiles the native back end for one architecture and this CPU, once, and keeps it.

A plain shared library with ctypes, not a torch extension: it builds in two seconds instead of thirty, against no ABI
but C's, and needs no torch here, so that jobs which start together do not each load it only to wait for one compiler.

The library's name holds what it was made of (sources, compiler, flags, architecture, CPU) and the hash of its own
content: a home directory may be shared by machines that differ, and a file cut short is made anew instead of loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

from hyperpipe.cnn import Activation, Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.machine import cpu, instruction_sets

# Contracting a · b + c is allowed, reordering of sums is not: tests compare with torch, and NaN must stay NaN.
FLAGS = (
    *("-std=c++17", "-O3", "-march=native", "-shared", "-fPIC", "-Wno-psabi"),
    *("-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math"),
)
_SOURCES = Path(__file__).parent
_TIMEOUT = 300  # s
_COMPILERS = ("g++", "clang++", "c++")


class BuildError(HyperpipeError):
    """The native back end cannot be built here: why, in one line."""


def library(architecture: Architecture, activation: Activation) -> Path:
    """The shared library for this architecture, built if it is not there yet.

    Environment: CXX names the compiler, HYPERPIPE_CXXFLAGS adds flags, HYPERPIPE_CACHE sets the folder, by default
    ``~/.cache/hyperpipe``. Raises BuildError.
    """
    command = [*_compiler(), *FLAGS, *_constants(architecture, activation)]
    command += shlex.split(os.environ.get("HYPERPIPE_CXXFLAGS", ""))
    key, folder = _key(command), cache_folder() / "native"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{key}.lock"):
            return _whole(folder, key) or _compile(command, folder, key)
    except OSError as error:
        raise BuildError(f"{folder}: {error.strerror or error}; set HYPERPIPE_CACHE to a folder for it") from error


def cache_folder() -> Path:
    """HYPERPIPE_CACHE, or the user's cache directory."""
    if chosen := os.environ.get("HYPERPIPE_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hyperpipe"


def _compiler() -> list[str]:
    if chosen := shlex.split(os.environ.get("CXX", "")):
        if shutil.which(chosen[0]) is None:
            raise BuildError(f"the compiler that CXX names, {chosen[0]}, is not there")
        return chosen
    found = next(filter(shutil.which, _COMPILERS), None)
    if found is None:
        raise BuildError(f"no C++ compiler found ({', '.join(_COMPILERS)}); install one, or name it with CXX")
    return [found]


def _constants(architecture: Architecture, activation: Activation) -> list[str]:
    names = ("CHANNELS1", "CHANNELS2", "CHANNELS3")
    sizes = dict(zip(names, architecture.channels, strict=True))
    sizes |= {"INPUTS": architecture.in_channels, "HIDDEN": architecture.hidden, "CLASSES": architecture.classes}
    return [f"-D{name}={size}" for name, size in sizes.items()] + [f"-DACTIVATION_{activation.upper()}"]


def _key(command: list[str]) -> str:
    """A name for all that the library depends on."""
    parts = [command, _run([command[0], "--version"]).stdout, cpu(), instruction_sets()]
    parts += [[path.name, path.read_text()] for path in sorted(_SOURCES.iterdir()) if path.suffix in (".cpp", ".h")]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


def _whole(folder: Path, key: str) -> Path | None:
    """The library that is there, if its content is what its name says."""
    for path in folder.glob(f"{key}-*.so"):
        if path.stem == f"{key}-{_content(path)}":
            return path
        path.unlink()
    return None


def _compile(command: list[str], folder: Path, key: str) -> Path:
    part = folder / f"{key}.part"
    done = _run([*command, str(_SOURCES / "population.cpp"), "-o", str(part)])
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines() or ["failed"]
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
