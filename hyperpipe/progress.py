"""Where a long stage is, on standard error: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_SECONDS_BETWEEN_LINES = 15.0


class Progress:
    """A count of `total` units of work; ``with Progress("zoo digits", 960_000, "images") as p: p.advance(32_000)``.

    before: units that were done before, which say nothing of the rate.
    """

    def __init__(self, title: str, total: int, unit: str, before: int = 0) -> None:
        self.title, self.total, self.unit, self.before = title, total, unit, before
        self.done, self.began = before, time.monotonic()
        self._told, self._bar = self.began, None

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(BarColumn(10), TextColumn("{task.description}"), console=Console(stderr=True))
            self._task = self._bar.add_task(self.title, total=self.total)
            self._bar.start()
        return self

    def advance(self, count: int, said: str = "") -> None:
        """count: units done since the last call. said: how it goes, ``"test accuracy 43.1 %"``."""
        self.done += count
        now = time.monotonic()
        left = (now - self.began) / max(self.done - self.before, 1) * (self.total - self.done)
        # A narrow terminal cuts off what comes last.
        line = f"{self.title}: {self.done / self.total:.0%}, {_duration(left)} left, {self._rate(now)}"
        line += f", {said}" if said else ""
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, description=line)
        elif now - self._told >= _SECONDS_BETWEEN_LINES:
            self._told = now
            print(line, file=sys.stderr, flush=True)

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
        now = time.monotonic()
        if error is None:
            done = (
                f"{self.title}: {self.done - self.before:,} {self.unit} in {now - self.began:.1f} s, {self._rate(now)}"
            )
            print(done, file=sys.stderr, flush=True)

    def _rate(self, now: float) -> str:
        rate = (self.done - self.before) / max(now - self.began, 1e-9)
        return f"{rate:,.0f} {self.unit}/s" if rate >= 10 else f"{rate:.2g} {self.unit}/s"


def _duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 05 min``."""
    minutes = round(seconds / 60)
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"
