"""Where a long stage is, on standard error: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_SECONDS_BETWEEN_LINES = 15.0


class Progress:
    """A count of `total` units of work; ``with Progress("zoo digits", 960_000, "images") as p: p.advance(32_000)``."""

    def __init__(self, title: str, total: int, unit: str) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.done, self.began = 0, time.monotonic()
        self._told, self._bar = self.began, None

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rate]}")
            self._bar = Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True))
            self._task = self._bar.add_task(self.title, total=self.total, rate="")
            self._bar.start()
        return self

    def advance(self, count: int, said: str = "") -> None:
        """count: units done since the last call. said: how it goes, ``"test accuracy 43.1 %"``."""
        self.done += count
        now = time.monotonic()
        rate = f"{self._rate(now)} {said}".rstrip()
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, rate=rate)
        elif now - self._told >= _SECONDS_BETWEEN_LINES:
            self._told = now
            left = (now - self.began) / self.done * (self.total - self.done)
            print(f"{self.title}: {self.done / self.total:.0%}, {rate}, {left:.0f} s left", file=sys.stderr, flush=True)

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
        now = time.monotonic()
        if error is None:
            done = f"{self.title}: {self.done:,} {self.unit} in {now - self.began:.1f} s, {self._rate(now)}"
            print(done, file=sys.stderr, flush=True)

    def _rate(self, now: float) -> str:
        rate = self.done / max(now - self.began, 1e-9)
        return f"{rate:,.0f} {self.unit}/s" if rate >= 10 else f"{rate:.2g} {self.unit}/s"
