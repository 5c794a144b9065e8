"""What is said to be better is held against controls that are as new."""

from __future__ import annotations

import pandas as pd
import pytest

from hyperpipe.results.equal_novelty import best_control, equal_novelty_table
from hyperpipe.results.order import dials_in

DIAL = ["anchors", "anchors_noise 1", "anchors_noise 3"]


def cells(*rows: tuple[str, str, float, float], epoch: int = 1, half: float = 0.03) -> pd.DataFrame:
    """Of population, sampler, cosine and mean accuracy."""
    found = pd.DataFrame(rows, columns=["population", "sampler", "cosine", "mean"])
    return found.assign(epoch=epoch, low=found["mean"] - half, high=found["mean"] + half)


NOISE = [("controls", name, *at) for name, at in zip(DIAL, [(1.0, 0.9), (0.7, 0.6), (0.3, 0.2)], strict=True)]


def test_a_dial_is_what_differs_by_a_number_alone():
    shrunk = [("controls", f"anchors_shrunk{end}") for end in ("", "_noise 0.5", "_noise 2")]
    aligned = [("S_weights", f"aligned {alpha}") for alpha in ("0", "0.5")]
    others = [("S_weights", "unaligned 0"), ("S_weights", "mix"), ("controls", "iid"), ("S_KDE", "independent")]
    noisy = [("S_weights", f"mean_noise {noise}") for noise in (1, 2)]
    made = [*aligned, *others, *noisy, *shrunk, *(("controls", name) for name in DIAL)]
    assert dials_in(made) == {
        ("S_weights", "aligned"): aligned,
        ("S_weights", "mean_noise"): [aligned[0], *noisy],
        ("controls", "anchors_shrunk_noise"): shrunk,
        ("controls", "anchors_noise"): [("controls", name) for name in DIAL],
    }
    assert dials_in([*aligned[1:], *noisy]) == {("S_weights", "mean_noise"): noisy}, "the mean is not asked for"
    assert dials_in([aligned[0], noisy[1]]) == {("S_weights", "mean_noise"): [aligned[0], noisy[1]]}


@pytest.mark.parametrize(
    ("cosine", "expected"), [(1, 0.9), (0.85, 0.75), (0.7, 0.6), (0.4, 0.3), (0.3, 0.2), (0.1, 0.2)]
)
def test_a_dial_counts_at_the_cosine_that_is_asked_for(cosine, expected):
    """In a straight line between its settings, and no worse than at its end beyond it."""
    (_, name), mean, half = best_control(cosine, cells(*NOISE))
    assert name == "anchors_noise" and mean == pytest.approx(expected) and half == pytest.approx(0.03)


def test_what_has_no_dial_counts_where_it_is_as_new_and_scratch_always():
    iid, sampled = ("controls", "iid", 0.5, 0.8), ("S_weights", "aligned 0", 0.2, 0.99)
    assert best_control(0.6, cells(*NOISE, iid, sampled))[0] == ("controls", "iid")
    assert best_control(0.5, cells(*NOISE, iid, sampled))[0] == ("controls", "iid")
    assert best_control(0.4, cells(*NOISE, iid, sampled))[0] == ("controls", "anchors_noise")
    transferred = ("scratch", "pytorch_default", float("nan"), 0.85)  # the target's: how new it is was not measured
    assert best_control(0.4, cells(*NOISE, iid, transferred))[0] == ("scratch", "pytorch_default")
    assert best_control(0.9, cells(*NOISE, iid, transferred))[:2] == (("scratch", "pytorch_default"), 0.85)


def test_the_gain_is_above_the_best_control_with_the_interval_of_both():
    first = cells(*NOISE, ("S_weights", "mix", 0.4, 0.5), ("S_KDE30", "reconstruction", 0.4, 0.9), half=0.03)
    last = cells(*NOISE, ("S_weights", "mix", 0.4, 0.25), half=0.04)
    table = equal_novelty_table(pd.concat([first, last.assign(epoch=25)]), [1, 25])
    assert table.to_dict("records") == [
        {
            "Population": "S_weights",
            "Sampler": "mix",
            "Cosine": "0.40",
            "Gain after 1": "+20.0 ± 4.2, anchors_noise",
            "Gain after 25": "-5.0 ± 5.7, anchors_noise",
        }
    ]
    alone = cells(*NOISE, ("S_weights", "mix", 0.4, 0.5), half=float("nan"))
    assert equal_novelty_table(alone, [1])["Gain after 1"].tolist() == ["+20.0, anchors_noise"]
