from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from hyperpipe.config_reference import config_reference
from hyperpipe.errors import HyperpipeError
from hyperpipe.results.fidelity import fidelity_page
from hyperpipe.results.settings import FidelitySlice


def metrics(zoo: str, accuracies: dict[int, list[float]]) -> pd.DataFrame:
    rows = [
        {"zoo": zoo, "network": network, "epoch": epoch, "split": split, "accuracy": accuracy}
        for epoch, values in accuracies.items()
        for network, value in enumerate(values)
        for split, accuracy in (("test", value), ("train", 0.0))
    ]
    return pd.DataFrame(rows)


def test_our_numbers_stand_beside_the_papers():
    ours = pd.concat([metrics("m", {1: [0.20, 0.24], 25: [0.8329, 0.8329]}), metrics("other", {1: [0.5]})])
    page = fidelity_page(FidelitySlice(zoos={"m": "mnist", "other": "printed"}), ours)
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    assert cells[2:] == [
        ["m", "mnist", "1", "20.6 (1.6)", "22.0 (2.0)", "2", "+1.4", "+0.9"],
        ["m", "mnist", "25", "83.3 (2.6)", "83.3 (0.0)", "2", "+0.0", "+0.0"],
    ]


def test_zoos_that_the_paper_says_nothing_of_are_one_line():
    with pytest.raises(HyperpipeError, match="the paper gives B_T of"):
        fidelity_page(FidelitySlice(zoos={"other": "printed"}), metrics("other", {1: [0.5]}))


def lines_of(page: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]


def test_every_option_that_the_ledger_names_exists():
    keys = {}
    for key, values, *_ in lines_of(config_reference().replace("\\|", "/"))[2:]:
        keys[key.strip("`")] = keys.get(key.strip("`"), "") + values
    page = (Path(__file__).resolve().parent.parent / "docs/fidelity.md").read_text()
    ledger = [line for line in lines_of(page.split("## B_T")[0]) if len(line) == 6][2:]
    assert len(ledger) > 15 and all(all(line) for line in ledger)
    named = [option for line in ledger for option in re.findall(r"`([^`]+)`", line[-1])]
    assert len(named) > 20
    for option in named:
        key, _, value = option.partition(": ")
        assert key in keys, f"docs/fidelity.md: {key} is no key of the configuration"
        assert not value or f"`{value}`" in keys[key], f"docs/fidelity.md: {key} cannot be {value}"
