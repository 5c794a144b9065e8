"""How a record writes down a place in the file system: so that it says nothing of who ran it, and is found again."""

from __future__ import annotations

import getpass
import json
import re
import sys
from pathlib import Path
from typing import Any

PACKAGE_FILE = "package:"  # how the path of a file begins that came with an installed package
_USER = "$USER"
# An absolute path within a text: a word, what follows `=` or a compiler's -I.
_ABSOLUTE = re.compile(r"""(?P<before>^|[\s=,"']|-[IL])(?P<path>/[^\s=,:"']+)""")


def shown(path: str | Path) -> str:
    """A path as seen from the run's directory, an installed package's or the user's home, whichever it lies in; of any
    other one the user's name is left out. Relative paths stay as they were given."""
    place = Path(path)
    if not place.is_absolute():
        return str(path)
    for folder in filter(Path.is_absolute, map(Path, sys.path)):
        if folder.name.endswith("-packages") and place.is_relative_to(folder):
            return PACKAGE_FILE + str(place.relative_to(folder))
    if place.is_relative_to(Path.cwd()):
        return str(place.relative_to(Path.cwd()))
    home = Path("~").expanduser()
    if len(home.parts) > 1 and place.is_relative_to(home):
        return str("~" / place.relative_to(home))
    user = _user()
    return str(Path(*(_USER if part == user else part for part in place.parts))) if user in place.parts else str(path)


def located(text: str) -> Path:
    """Where a path lies that was written down like that, or that a user has written."""
    if text.startswith(PACKAGE_FILE):
        places = [Path(folder, text.removeprefix(PACKAGE_FILE)) for folder in sys.path]
        return next(filter(Path.exists, places), places[0])
    place = Path(text).expanduser()
    return Path(*((_user() or part) if part == _USER else part for part in place.parts))


def with_places_shown(value: Any) -> Any:
    """A text, or JSON of texts, with each absolute path in it as `shown` has it. A text may be a path, with spaces in
    it or not, words of which some are paths, or JSON itself, as an argument is that holds settings."""
    if isinstance(value, dict):
        return {name: with_places_shown(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_places_shown(inner) for inner in value]
    if not isinstance(value, str):
        return value
    if value.startswith("{"):
        try:
            before = json.loads(value)
        except ValueError:
            return value
        after = with_places_shown(before)
        return value if after == before else json.dumps(after, separators=(",", ":"), ensure_ascii=False)
    if value.startswith("/") and " /" not in value:
        return shown(value)
    return _ABSOLUTE.sub(lambda found: found["before"] + shown(found["path"]), value)


def _user() -> str:
    """The name of whoever runs this; a container may know of none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
