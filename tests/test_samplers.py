"""The density and its samplers: what they draw is known beforehand. Samplers of a user's own."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from sklearn.neighbors import KernelDensity

from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.hyperrep_store import read_embeddings, read_hyperrep
from hyperpipe.provenance.crate import Deposit, export
from hyperpipe.provenance.record import SUFFIX, Record
from hyperpipe.randomness import stream
from hyperpipe.sampling.kde import bandwidths
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.sampling.samplers import SAMPLERS, check_samplers, samplers
from hyperpipe.sampling.settings import Sampling
from runs import TINY, jobs, snakemake

BANDWIDTH = 0.01
DIMENSIONS = {"independent": 1, "released": 1, "joint": 20}  # of the density that each draws from


@pytest.fixture(scope="module")
def anchors() -> np.ndarray:
    """200 anchors whose 20 dimensions are one number, up to a little noise: far from independent."""
    generator = np.random.default_rng(0)
    return (generator.uniform(-1, 1, (200, 1)) + 0.05 * generator.standard_normal((200, 20))).astype(np.float32)


def sample(name: str, anchors: np.ndarray, count: int = 1000, bandwidth: float | str = BANDWIDTH) -> np.ndarray:
    return SAMPLERS[name](anchors, count, bandwidth, stream(0, "t", name))


def test_every_built_in_sampler_is_tested_here_and_in_the_default_run():
    assert list(DIMENSIONS) == list(SAMPLERS) == Sampling().samplers


# What is drawn.


@pytest.mark.parametrize("bandwidth", [BANDWIDTH, "scott", "silverman"])
@pytest.mark.parametrize("name", list(DIMENSIONS))
def test_each_dimension_alone_is_its_kernel_density(anchors, name, bandwidth):
    """An analytic density: the mean of normal densities at the anchors, as wide as the bandwidth says."""
    drawn = sample(name, anchors, 4000, bandwidth)
    widths = bandwidths(anchors, bandwidth, DIMENSIONS[name])
    for d in (0, 7, 19):
        density = stats.norm(anchors[:, d].astype(float), widths[d])
        found = stats.kstest(drawn[:, d], lambda x, density=density: density.cdf(np.asarray(x)[:, None]).mean(1))
        assert found.pvalue > 1e-3


@pytest.mark.parametrize(("name", "dependent"), [("independent", False), ("released", True), ("joint", True)])
def test_dimensions_depend_on_each_other_where_the_anchor_is_one(anchors, name, dependent):
    """Against the null distribution: the same sample with each column permuted on its own."""
    drawn, generator = sample(name, anchors), np.random.default_rng(0)

    def dependence(latents: np.ndarray) -> float:
        return np.abs(np.corrcoef(latents.T)[np.triu_indices(latents.shape[1], 1)]).mean()

    null = [dependence(generator.permuted(drawn, axis=0)) for _ in range(200)]
    found = dependence(drawn)
    assert found > 10 * max(null) if dependent else np.quantile(null, 0.001) < found < 1.1 * max(null)


def test_noise_is_one_number_for_all_dimensions_or_one_for_each(anchors):
    """From the anchor that a sample is a copy of: `released` is shifted as a whole, `joint` in each dimension."""

    def from_anchor(drawn: np.ndarray) -> np.ndarray:
        differences = drawn[:, None] - anchors
        return differences[np.arange(len(drawn)), differences.std(axis=2).argmin(1)]

    released, joint, independent = (from_anchor(sample(name, anchors)) for name in ("released", "joint", "independent"))
    assert released.std(axis=1).max() < 1e-6
    assert stats.kstest(released[:, 0], stats.norm(0, BANDWIDTH).cdf).pvalue > 1e-3
    assert stats.kstest(joint.ravel(), stats.norm(0, BANDWIDTH).cdf).pvalue > 1e-3
    assert np.abs(np.corrcoef(joint.T)[np.triu_indices(20, 1)]).max() < 0.2
    assert independent.std(axis=1).min() > 0.1, "no copy of any anchor"


@pytest.mark.parametrize("bandwidth", [0.002, 0.2])
def test_released_is_scikit_learns_sample_with_one_seed_for_all_dimensions(anchors, bandwidth):
    """Number for number what the released code's loop over dimensions gives for the same seed."""
    seed = int(stream(0, "t", "released").integers(2**32))
    densities = [KernelDensity(kernel="gaussian", bandwidth=bandwidth).fit(anchors[:, [d]]) for d in range(20)]
    expected = np.hstack([density.sample(150, random_state=seed) for density in densities])
    np.testing.assert_array_equal(sample("released", anchors, 150, bandwidth), expected.astype(np.float32))


@pytest.mark.parametrize("name", list(DIMENSIONS))
def test_a_stream_decides_what_is_drawn(anchors, name):
    first, again, other = (SAMPLERS[name](anchors, 5, BANDWIDTH, stream(seed, "t")) for seed in (0, 0, 1))
    assert first.shape == (5, 20) and first.dtype == np.float32
    assert (first == again).all() and (first != other).all()


@pytest.mark.parametrize("name", list(DIMENSIONS))
@pytest.mark.parametrize("bandwidth", [0.002, "scott", "silverman"])
def test_where_anchors_do_not_differ_only_a_bandwidth_that_is_a_number_adds_to_them(name, bandwidth):
    for count in (1, 3):
        drawn = SAMPLERS[name](np.full((count, 4), 0.5, np.float32), 50, bandwidth, stream(0, "t"))
        assert (drawn.std() > 0.001) == (bandwidth == 0.002) and abs(drawn.mean() - 0.5) < 0.001


@pytest.mark.parametrize("rule", ["scott", "silverman"])
def test_bandwidths_by_a_rule_are_scipys(anchors, rule):
    for d in range(3):
        expected = np.sqrt(stats.gaussian_kde(anchors[:, d], rule).covariance[0, 0])
        assert bandwidths(anchors, rule, 1)[d] == pytest.approx(expected)
    density = stats.gaussian_kde(anchors.T, rule)
    np.testing.assert_allclose(bandwidths(anchors, rule, 20), np.sqrt(np.diag(density.covariance)))


# A user's own.

OWN = """
import numpy as np

def middle(anchors, count, bandwidth, generator):
    return np.tile(anchors.mean(axis=0), (count, 1))

def fails(anchors, count, bandwidth, generator):
    return anchors[len(anchors)]

def short(anchors, count, bandwidth, generator):
    return anchors[: count - 1]

def infinite(anchors, count, bandwidth, generator):
    return np.full((count, anchors.shape[1]), np.inf)

def words(anchors, count, bandwidth, generator):
    return "latents"

def changes(anchors, count, bandwidth, generator):
    anchors[:] = 0
    return anchors[:count]

number = 3
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path / "own.py"


def test_a_function_in_a_file_is_a_sampler(own, anchors):
    drawn = samplers([f"{own}:middle"])["middle"](anchors, 3, BANDWIDTH, stream(0, "t"))
    assert drawn.shape == (3, 20) and drawn.dtype == np.float32 and (drawn == anchors.mean(axis=0)).all()
    before = anchors.copy()
    samplers([f"{own}:changes"])["changes"](anchors, 3, BANDWIDTH, stream(0, "t"))
    assert (anchors == before).all()


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("fails", "failed (IndexError: index 200 is out of bounds"),
        ("short", "returned [3, 20]; finite latents [4, 20] are needed"),
        ("infinite", "returned NaN or infinity; finite latents [4, 20] are needed"),
        ("words", "failed (ValueError: could not convert string to float"),
        ("number", "own.py has no function number"),
        ("absent", "own.py has no function absent"),
    ],
)
def test_what_is_wrong_with_it_is_one_line(own, anchors, function, said):
    with pytest.raises(HyperpipeError) as refused:
        samplers([f"{own}:{function}"])[function](anchors, 4, BANDWIDTH, stream(0, "t"))
    line = str(refused.value)
    assert line.startswith(f"sampling.samplers: {own}") and said in line and "\n" not in line


def test_a_file_that_cannot_be_run_is_one_line(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("import nothing_of_the_kind\n")
    with pytest.raises(HyperpipeError, match=r"broken.py cannot be run \(ModuleNotFoundError: No module named"):
        samplers([f"{broken}:middle"])
    broken.write_text("def middle(:\n")
    with pytest.raises(HyperpipeError, match=r"broken.py cannot be run \(SyntaxError: "):
        samplers([f"{broken}:middle"])


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (["kde"], "there is no 'kde'; use independent, released, joint or path/to/file.py:function"),
        (["my file.py:f"], "there is no 'my file.py:f'"),
        (["joint", "joint"], "two are called 'joint'"),
        (["a.py:f", "b.py:f"], "two are called 'f'"),
        (["a.py:joint"], "two are called 'joint'"),
        (["a.py:reconstruction"], "two are called 'reconstruction'"),
    ],
)
def test_samplers_have_a_name_each(entries, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        check_samplers(entries)
    with pytest.raises(HyperpipeError, match=re.escape(said)):
        samplers(entries)
    check_samplers(["joint", "a.py:f", "b.py:g"])


def test_the_configuration_names_it_and_the_workflow_draws_with_it(run, own, tmp_path, monkeypatch):
    """In a copy of the tiny run: the file is an input, its population is decoded, and fine-tuned beside the others."""
    directory, population = tmp_path / "run", "results/populations/digits/S_KDE30_validation.h5"
    shutil.copytree(run, directory)
    shutil.copy(own, directory)
    config = yaml.safe_load(TINY.read_text())
    config["sampling"]["samplers"] = ["released", "own.py:middle"]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config))

    evaluation = "results/evaluations/digits/S_KDE30_validation/digits.parquet"
    done = snakemake(evaluation, directory=directory, config=tmp_path / "mine.yaml")
    assert done.returncode == 0, done.stdout
    populations = read_populations(directory / population)
    assert list(populations.weights) == ["released", "middle", "reconstruction"]
    hyperrep = read_hyperrep(directory / "results/hyperreps/digits/lwln/hyperrep.h5")
    latents = read_embeddings(directory / "results/hyperreps/digits/lwln/embeddings.h5", "last", "train").latents
    assert populations.settings["anchor_rows"] < len(latents)
    assert (populations.weights["middle"] == populations.weights["middle"][0]).all()
    assert not np.allclose(hyperrep.decode(latents.mean(axis=0)[None], "last"), populations.weights["middle"][:1])
    assert set(pd.read_parquet(directory / evaluation).sampler) == {"released", "middle", "reconstruction"}
    record = Record.model_validate_json((directory / (population + SUFFIX)).read_text())
    assert "own.py" in [file.path for file in record.inputs]
    monkeypatch.chdir(directory)
    export(population, [tmp_path / "mine.yaml"], tmp_path / "crate", Deposit("MIT"))
    assert (tmp_path / "crate/own.py").read_text() == OWN, "it goes with what it has drawn"

    (directory / "own.py").write_text(OWN + "\nchanged = True\n")
    again = snakemake("-n", evaluation, directory=directory, config=tmp_path / "mine.yaml")
    assert jobs(again.stdout) == sorted(path.removeprefix("results/") for path in (evaluation, population))
    (directory / "own.py").unlink()
    absent = snakemake("-n", evaluation, directory=directory, config=tmp_path / "mine.yaml")
    assert absent.returncode != 0 and "sampling.samplers: own.py is not in " + str(directory) in absent.stdout
