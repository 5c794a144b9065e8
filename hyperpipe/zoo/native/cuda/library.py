"""The code for the CUDA device, from nvcc, and the same for a CPU, where threads stand in for a block's."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import sysconfig
from pathlib import Path

from hyperpipe.cnn import Activation, Architecture
from hyperpipe.zoo.native.build import BuildError, build, cxx, load, named

SOURCE = Path(__file__).with_name("population.cu")
_NVCC_FLAGS = ("-std=c++17", "-O3", "-shared", "-Xcompiler", "-fPIC", "-cudadevrt", "none")
_STAND_IN_FLAGS = ("-std=c++17", "-O2", "-shared", "-fPIC", "-pthread", "-Wno-unknown-pragmas")


def cuda_library(architecture: Architecture, activation: Activation, capability: str, shared_bytes: int) -> Path:
    """capability: of the device, as ``sm_90``. shared_bytes: of memory that a block may have there.

    Raises BuildError.
    """
    command = nvcc()
    libraries = Path(shutil.which(command[0]) or "").resolve().parents[1] / "lib"  # where the package has them
    compiler = [*command, *_NVCC_FLAGS, f"-arch={capability}", f"-L{libraries}", f"-DSHARED_BYTES={shared_bytes}"]
    return build(compiler, SOURCE, architecture, activation)


def stand_in_library(architecture: Architecture, activation: Activation, shared_bytes: int) -> Path:
    """Environment: CXX names the compiler, HYPERPIPE_CXXFLAGS adds flags. Raises BuildError."""
    flags = [f"-DSHARED_BYTES={shared_bytes}", *shlex.split(os.environ.get("HYPERPIPE_CXXFLAGS", "")), "-x", "c++"]
    return build([*cxx(), *_STAND_IN_FLAGS, *flags], SOURCE, architecture, activation)


def cuda_code(architecture: Architecture, activation: Activation, device: str) -> ctypes.CDLL:
    """device: ``cuda``, or ``cpu`` for the stand-in, which has a block's memory on an H100. Raises BuildError."""
    if device == "cpu":
        library = stand_in_library(architecture, activation, 227 * 1024)
    else:
        import torch

        card = torch.cuda.get_device_properties(device)
        capability = f"sm_{card.major}{card.minor}"
        library = cuda_library(architecture, activation, capability, card.shared_memory_per_block_optin)
    code = load(library)
    code.hyperpipe_error.restype = ctypes.c_char_p
    return code


def nvcc() -> list[str]:
    """CUDA's compiler. Raises BuildError.

    Environment: NVCC names it, else it is looked for on the path, under CUDA_HOME, in /usr/local/cuda and among the
    packages of this Python.
    """
    if command := named("NVCC"):
        return command
    home = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH") or "/usr/local/cuda"
    packages = Path(sysconfig.get_path("purelib"), "nvidia").glob("*/bin/nvcc")
    places = "nvcc", os.path.join(home, "bin", "nvcc"), *map(str, sorted(packages))
    if found := next(filter(shutil.which, places), None):
        return [found]
    raise BuildError("no nvcc found; install CUDA's compiler, name it with NVCC, or `uv pip install --group cuda`")
