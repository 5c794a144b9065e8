"""Named random streams: every use of randomness draws from its own.

A stream is named by its purpose and ids, for example ``stream(root, "zoo/digits/order", seed, epoch)``. The name is
hashed into the seed, so no result depends on what was drawn before, on the shard it was computed in or on who ran
beside it. Which streams a process has used is counted, for the records.
"""

import hashlib
import threading
from collections import Counter

import numpy as np

_used: Counter[str] = Counter()
_lock = threading.Lock()


def stream(root: int, purpose: str, *ids: int | str) -> np.random.Generator:
    """A numpy Generator (PCG64) of its own for (root, purpose, ids).

    root: the root seed of the configuration. purpose: what is drawn, ``"zoo/digits/init"``. ids: which one, for
    example the network's seed and the epoch.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(_words(root, purpose, *ids))))


def torch_seed(root: int, purpose: str, *ids: int | str) -> int:
    """A 63-bit seed for a torch.Generator of its own for (root, purpose, ids)."""
    low, high = _words(root, purpose, *ids)[:2]
    return ((high << 32) | low) & (2**63 - 1)


def streams_used() -> Counter[str]:
    """How many streams this process has made, by purpose and those ids that are text."""
    with _lock:
        return _used.copy()


def _words(root: int, purpose: str, *ids: int | str) -> list[int]:
    """Eight 32-bit words, the SHA-256 of the name; the type of an id counts, so 1 and "1" are two streams."""
    with _lock:
        _used["/".join([purpose, *(i for i in ids if isinstance(i, str))])] += 1
    name = "\x1f".join([str(int(root)), purpose, *(f"{type(i).__name__}:{i}" for i in ids)])
    digest = hashlib.sha256(name.encode()).digest()
    return [int.from_bytes(digest[4 * i : 4 * i + 4], "little") for i in range(8)]
