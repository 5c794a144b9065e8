"""Paths in records: they say nothing of who ran it, and are found again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest

from hyperpipe import places
from hyperpipe.places import located, shown, with_places_shown


@pytest.fixture(autouse=True)
def alice(tmp_path, monkeypatch) -> Path:
    """Where Alice runs it: home/run, with her home at tmp_path/home/alice."""
    home = tmp_path / "home" / "alice"
    (home / "run").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home / "run")
    monkeypatch.setattr(places.getpass, "getuser", lambda: "alice")
    return home


def test_a_place_is_seen_from_the_run_the_packages_or_home_and_is_found_again(alice):
    package = Path(numpy.__file__)
    seen = {
        alice / "run" / "data": "data",
        alice / "run": ".",
        alice / "data": "~/data",
        Path("/scratch/alice/data"): "/scratch/$USER/data",
        Path("/srv/alices/data"): "/srv/alices/data",
        package: "package:numpy/__init__.py",
    }
    for place, text in seen.items():
        assert shown(place) == text and located(text).absolute() == place
    for text in ("data", "../data", "~/data", "results/zoos/alice/zoo.h5", "/srv/data/", "package:none", "$USER"):
        assert shown(text) == text, "as it was given"
    assert located("package:no/such/file").name == "file"


def test_every_path_within_a_text_is_shown_and_all_else_stays(alice):
    command = ["--config", f'{{"folder":"{alice}/my data","rate":0.5}}', f"a.h5 {alice}/run/b.h5", f"--x={alice}/c"]
    assert with_places_shown(command) == ["--config", '{"folder":"~/my data","rate":0.5}', "a.h5 b.h5", "--x=~/c"]
    assert with_places_shown({"a": [f"{alice}/own.py:mine", 3, None], "b": 0.5}) == {
        "a": ["~/own.py:mine", 3, None],
        "b": 0.5,
    }
    assert with_places_shown(f"g++ -O3 -I{alice}/include") == "g++ -O3 -I~/include"
    for text in ("pixel / 255", "https://w3id.org/x", "a/b", "[1, 2]", ""):
        assert with_places_shown(text) == text


def test_a_home_with_a_space_in_it_is_shown_as_well(alice, monkeypatch):
    home = alice.parent / "ada lovelace"
    monkeypatch.setenv("HOME", str(home))
    settings = {"images": {"path": f"{home}/my data", "colour": "grey"}}
    expected = {"images": {"path": "~/my data", "colour": "grey"}}
    assert with_places_shown(settings) == expected
    assert json.loads(with_places_shown(json.dumps(settings))) == expected
    assert with_places_shown('{"a": 1e-8}') == '{"a": 1e-8}' and with_places_shown("{no JSON") == "{no JSON"
    assert with_places_shown("/scratch/my data/alice/x") == "/scratch/my data/$USER/x"


def test_whose_home_is_everything_or_who_has_no_name_is_shown_paths_as_they_are(monkeypatch):
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setenv("HOME", "/")
    monkeypatch.setattr(places.getpass, "getuser", nobody)
    assert shown("/scratch/alice/data") == "/scratch/alice/data"
    assert located("/scratch/$USER/data") == Path("/scratch/$USER/data")
