from __future__ import annotations

import pandas as pd
import pytest

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
