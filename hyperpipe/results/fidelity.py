"""Our B_T beside the paper's: whether zoos come out as theirs did."""

from __future__ import annotations

import pandas as pd

from hyperpipe.errors import HyperpipeError
from hyperpipe.results.published import TABLE_1
from hyperpipe.results.settings import FidelitySlice
from hyperpipe.results.tables import cell

_HEAD = """\
# B_T, the paper's and ours

Accuracy of networks trained from scratch on the images' test split in %, mean (standard deviation, ddof 0). The
paper's are over the 15 % of a zoo in its test split, ours over all n networks. Difference: of the means, in points and
in the paper's standard deviations."""


def fidelity_page(config: FidelitySlice, metrics: pd.DataFrame) -> str:
    """results/fidelity.md. metrics: of all zoos, long form.

    Raises HyperpipeError where no zoo is on a data set that the paper gives numbers for.
    """
    tested = metrics[metrics.split == "test"]
    lines = []
    for zoo, source in config.zoos.items():
        for (population, epoch), (mean, spread) in TABLE_1.get(source, {}).items():
            if population != "B_T" or spread is None:
                continue
            accuracies = tested[(tested.zoo == zoo) & (tested.epoch == epoch)].accuracy
            if len(accuracies):
                points = 100 * accuracies.mean() - mean
                line = {"Zoo": zoo, "Images": source, "Epoch": epoch, "Paper": f"{mean} ({spread})"}
                line |= {"Here": cell(accuracies.mean(), accuracies.std(ddof=0)), "n": len(accuracies)}
                lines.append(line | {"Difference": _signed(points), "in spreads": _signed(points / spread)})
    if not lines:
        raise HyperpipeError(f"zoos: none is on images that the paper gives B_T of ({', '.join(TABLE_1)}); add one")
    return f"{_HEAD}\n\n{pd.DataFrame(lines).to_markdown(index=False, disable_numparse=True)}\n"


def _signed(number: float) -> str:
    return f"{round(number, 1) + 0.0:+.1f}"  # no -0.0
