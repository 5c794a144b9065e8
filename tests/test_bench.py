"""The benchmark runs and says what it promises; its figures are for people to look at."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from hyperpipe.bench import hyperrep, population, population_cuda, work
from hyperpipe.cli import app
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep import precision

KEYS = [
    "loop_images_per_s",
    "vmap_images_per_s",
    "stacked_images_per_s",
    "native_images_per_s",
    "native_to_loop",
    "matrix_gflops",
    "native_share_of_matrix_rate",
    "fma_peak_gflops",
]


@pytest.mark.long
@pytest.mark.parametrize(("channels", "multiply_adds"), [(1, 193_784), (3, 424_184)])  # protocol §1.1
def test_the_population_benchmark_reports_one_core_and_all(channels, multiply_adds, monkeypatch):
    monkeypatch.setattr(work, "SECONDS", 0.01)
    for name, value in {"_ROUNDS": 1, "_NETWORKS": 4, "_IMAGES": 40, "_MATRIX": 256}.items():
        monkeypatch.setattr(population, name, value)
    done = CliRunner().invoke(app, ["bench", "population", "--json", "--channels", str(channels)])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    for part in (result, result["all_cores"]):
        assert all(part[key] > 0 for key in KEYS)
        assert part["native_to_loop"] == pytest.approx(part["native_images_per_s"] / part["loop_images_per_s"])
        gflops = part["native_images_per_s"] * 2.4 * 2 * multiply_adds / 1e9
        assert part["native_share_of_matrix_rate"] == pytest.approx(gflops / part["matrix_gflops"])
    table = population.as_table(result)
    assert "native : loop" in table and f"all {result['cores']} cores" in table


def test_a_rate_is_measured_however_long_the_machine_stalls_before_the_work():
    assert work.per_second(lambda: None, 5, seconds=0.0) > 0


def test_the_benchmark_of_a_gpu_reports_every_size_of_population(monkeypatch):
    """On a CPU, with the kernel's stand-in."""
    for name, value in {"_ROUNDS": 1, "_POPULATIONS": (1, 2), "_IMAGES": 20, "_MATRIX": 64}.items():
        monkeypatch.setattr(population_cuda, name, value)
    monkeypatch.setattr(work, "SECONDS", 0.01)
    result = population_cuda.measure_population_on("cpu")
    for part in result["networks"].values():
        gflops = part["native_images_per_s"] * 2.4 * 2 * 193_784 / 1e9
        assert part["native_share_of_matrix_rate"] == pytest.approx(gflops / result["matrix_gflops"])
        assert part["native_to_stacked"] == pytest.approx(part["native_images_per_s"] / part["stacked_images_per_s"])
    assert "2 networks" in population_cuda.as_table(result)


def test_the_benchmark_of_a_gpu_where_there_is_none_is_one_line(monkeypatch):
    monkeypatch.setattr(population_cuda, "gpu", lambda: "")
    done = CliRunner().invoke(app, ["bench", "population", "--device", "cuda"])
    assert isinstance(done.exception, HyperpipeError) and "no CUDA device here" in str(done.exception)


def test_the_hyperrep_benchmark_reports_every_size_and_precision_beside_one_as_first_written(monkeypatch):
    sizes = {"tiny": {"width": 24, "heads": 2, "latent": 8, "batch_size": 4}, "tinier": {"width": 12, "batch_size": 4}}
    for name, value in {"_ROUNDS": 1, "SIZES": {"cpu": sizes}, "_MATRIX": {"cpu": 64}}.items():
        monkeypatch.setattr(hyperrep, name, value)
    monkeypatch.setattr(work, "SECONDS", 0.01)
    monkeypatch.setattr(precision, "_cpu_has_bfloat16", lambda: True)
    done = CliRunner().invoke(app, ["bench", "hyperrep", "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    rates = result["matrix_gflops"]
    assert set(result["sizes"]) == set(sizes) and set(rates) == {"default", "float32", "bfloat16"}
    for found in result["sizes"].values():
        plain = found["plain_seconds_per_update"]
        for one, rate in ((found, max(rates["default"], rates["float32"])), (found["bfloat16"], rates["bfloat16"])):
            seconds = one["seconds_per_update"]
            assert one["speedup"] == pytest.approx(plain / seconds)
            assert one["share_of_own_matrix_rate"] == pytest.approx(found["gflop_per_update"] / seconds / rate)
        assert found["share_of_matrix_rate"] == found["share_of_own_matrix_rate"]
    assert "tinier" in hyperrep.as_table(result)


def test_the_hyperrep_benchmark_of_a_gpu_where_there_is_none_is_one_line(monkeypatch):
    monkeypatch.setattr(hyperrep, "gpu", lambda: "")
    done = CliRunner().invoke(app, ["bench", "hyperrep", "--device", "cuda"])
    assert isinstance(done.exception, HyperpipeError) and "no CUDA device here" in str(done.exception)
