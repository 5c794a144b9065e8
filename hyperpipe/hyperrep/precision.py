"""In which numbers the matrix products of a hyper-representation are computed.

Parameters, losses, optimiser and what is looked at after an epoch are float32 always; a precision is that of the
products of a training step.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.settings import Precision
from hyperpipe.machine import cpu, gpu, instruction_sets

_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}  # as /proc/cpuinfo names it on x86 and on ARM


def refuse_what_is_not_here(precision: Precision, device: str) -> None:
    """Raises HyperpipeError where a device has no products of this precision, or only emulates them."""
    if precision == "float32":
        return
    if device == "cuda":
        has, here = torch.cuda.get_device_capability() >= (8, 0), gpu()
    else:
        has, here = precision == "bfloat16" and _cpu_has_bfloat16(), cpu()
    if not has:
        raise HyperpipeError(f"hyperrep.precision {precision}: {here} has no such products; take float32")


def _cpu_has_bfloat16() -> bool:
    return bool(_BFLOAT16 & set(instruction_sets().split()))


def products(precision: Precision, device: torch.device) -> AbstractContextManager[None]:
    """Products of float32 matrices are in TF32 where that is the precision, else in float32, by the faster library."""
    if device.type == "cuda":
        return _set(torch.backends.cuda.matmul, "tf32" if precision == "tf32" else "ieee")
    return _set(torch.backends.mkldnn.matmul, "bf16" if _onednn_is_faster() else "none")


def forward_in(precision: Precision, device: torch.device) -> AbstractContextManager[None]:
    """Products within are in bfloat16 where that is the precision, and what they give as well."""
    return torch.autocast(device.type, torch.bfloat16) if precision == "bfloat16" else nullcontext()


def full_precision(device: torch.device) -> AbstractContextManager[None]:
    """Products within are in float32, even inside `forward_in`."""
    available = torch.amp.is_autocast_available(device.type)
    return torch.autocast(device.type, enabled=False) if available else nullcontext()


@functools.cache
def _onednn_is_faster() -> bool:
    """On AMD CPUs with AVX-512 MKL keeps to half of the vector's width, oneDNN does not (`docs/performance.md`).

    torch multiplies by oneDNN where that is *allowed* to round float32 to bfloat16, which it does only on CPUs with
    instructions for tiles of it. Whether it keeps float32 here is tried out.
    """
    if not (cpu().startswith("AMD") and "avx512f" in instruction_sets().split()):
        return False
    a, b = torch.rand(2, 256, 256, generator=torch.Generator().manual_seed(0))
    with _set(torch.backends.mkldnn.matmul, "bf16"):
        lost = (torch.mm(a, b).double() - a.double() @ b.double()).abs().max().item()
    return lost < 1e-3  # float32 loses 1e-4 of 64, bfloat16 0.1


@contextmanager
def _set(backend: Any, precision: str) -> Iterator[None]:
    before, backend.fp32_precision = backend.fp32_precision, precision
    try:
        yield
    finally:
        backend.fp32_precision = before
