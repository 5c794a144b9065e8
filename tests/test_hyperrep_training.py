"""Training a hyper-representation, and what is seen of it."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import torch

from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.augment import Views
from hyperpipe.hyperrep.autoencoder import Autoencoder, ProjectionHead
from hyperpipe.hyperrep.check import Check, latent_statistics
from hyperpipe.hyperrep.hyperrep_store import HyperRepresentation, read_hyperrep, write_hyperrep
from hyperpipe.hyperrep.losses import layer_sigma
from hyperpipe.hyperrep.schedules import schedule_for, share_of_rate
from hyperpipe.hyperrep.train import TrainedAutoencoder, batch_losses, train_autoencoder
from hyperpipe.machine import cpu, gpu
from hyperpipe.store import write_store
from some_networks import SMALL, generator, networks


def fit(rows: np.ndarray, loss="lwln", purpose="t", **changes):
    settings = SMALL.model_copy(update=changes)
    return train_autoencoder(rows[:9], rows[9:], Architecture(), settings, loss, root_seed=0, purpose=purpose)


def test_training_can_be_repeated_and_another_purpose_is_another_training():
    rows = networks(12)
    first, again, other = fit(rows), fit(rows), fit(rows, purpose="u")
    assert first.history.equals(again.history)
    state, same, differs = (run.checkpoints["last"].state for run in (first, again, other))
    assert all((state[name] == same[name]).all() for name in state)
    assert any((state[name] != differs[name]).any() for name in state)


def errors(trained: TrainedAutoencoder, split: str, quantity: str = "error") -> pd.Series:
    """By epoch."""
    history = trained.history
    return history.query("split == @split and quantity == @quantity and layer == 'all'").set_index("epoch").value


PLAIN = {"learning_rate": 2e-2, "dropout": 0.0, "permute": False, "beta": 1.0, "check_every": 1}


def test_both_checkpoints_are_what_the_history_says(tmp_path):
    rows = networks(12)
    trained = fit(rows, loss="plain", epochs=40, **PLAIN)
    found = errors(trained, "validation")
    best = trained.checkpoints["best_validation"]
    assert best.epoch == found.idxmin() and trained.checkpoints["last"].epoch == 40
    write_hyperrep(tmp_path / "h.h5", HyperRepresentation("z", "plain", Architecture(), SMALL, trained.checkpoints))
    read = read_hyperrep(tmp_path / "h.h5")
    assert read.settings == SMALL
    for selection, epoch in (("best_validation", best.epoch), ("last", 40)):
        output = read.decode(read.encode(rows[9:], selection), selection)
        lost, of_mean = ((value - rows[9:]) ** 2 for value in (output, rows[:9].mean(0)))
        assert lost.mean() == pytest.approx(found[epoch], rel=1e-4)
        assert 1 - lost.sum() / of_mean.sum() == pytest.approx(errors(trained, "validation", "r2")[epoch], abs=1e-4)
        assert read.checkpoints[selection].epoch == epoch
    train = errors(trained, "train", "reconstruction")
    assert train.iloc[-1] < 0.8 * train.iloc[0]


def test_a_store_of_settings_that_there_are_no_longer_is_refused_in_one_line(tmp_path):
    attrs = {"zoo": "z", "loss": "plain", "architecture": asdict(Architecture()), "checkpoints": {}}
    write_store(tmp_path / "h.h5", "hyperrep", {}, attrs | {"settings": SMALL.model_dump() | {"selection": "last"}})
    with pytest.raises(HyperpipeError, match=r"h\.h5: selection: there is no such key"):
        read_hyperrep(tmp_path / "h.h5")


@pytest.mark.parametrize("contrast", ["nt_xent", "released"])
def test_the_total_is_the_weighted_sum_of_its_parts(contrast):
    trained = fit(networks(12), contrast=contrast)
    reconstruction, contrastive, total = (
        errors(trained, "train", part) for part in ("reconstruction", "contrastive", "total")
    )
    np.testing.assert_allclose(total, 0.9004 * reconstruction + 0.0996 * contrastive, rtol=1e-5)
    assert (contrastive > 0).all()


def test_as_many_training_rows_are_looked_at_as_there_are_validation_rows():
    """With one row of each: its error is one row's, and its latents spread nowhere."""
    rows = networks(12)
    trained = train_autoencoder(rows[:11], rows[11:], Architecture(), SMALL, "plain", root_seed=0, purpose="t")
    hyperrep = HyperRepresentation("z", "plain", Architecture(), SMALL, trained.checkpoints)
    output = hyperrep.decode(hyperrep.encode(rows[:11], "last"), "last")
    assert np.isclose(((output - rows[:11]) ** 2).mean(1), errors(trained, "train")[4], rtol=1e-4).sum() == 1
    assert errors(trained, "train", "latent_spread")[4] == 0


def test_rows_are_looked_at_every_so_many_epochs_and_at_the_end_and_looking_changes_nothing():
    often, seldom = (fit(networks(12), epochs=5, check_every=every) for every in (1, 3))
    assert errors(often, "validation").index.tolist() == [1, 2, 3, 4, 5]
    assert errors(seldom, "validation").index.tolist() == errors(seldom, "train", "r2").index.tolist() == [3, 5]
    assert errors(seldom, "train", "total").equals(errors(often, "train", "total"))
    assert errors(seldom, "validation")[5] == errors(often, "validation")[5]


def test_training_stops_where_the_validation_error_has_not_fallen_for_so_long(capsys):
    settings = {**PLAIN, "epochs": 60, "check_every": 2, "learning_rate": 5e-2}
    whole, stopped = (fit(networks(12), **settings, early_stopping=patience) for patience in (None, 6))
    found = errors(whole, "validation")
    epochs = found.index[(found.index - found.cummin().eq(found).mul(found.index).cummax()) >= 6]
    assert stopped.checkpoints["last"].epoch == epochs[0] < 60
    assert stopped.checkpoints["best_validation"].epoch == epochs[0] - 6
    assert errors(stopped, "validation").equals(found.loc[: epochs[0]])
    assert f"stopped early, no lower validation error since epoch {epochs[0] - 6}" in capsys.readouterr().err


def test_the_rate_of_warmup_cosine_rises_along_a_line_and_falls_along_a_cosine_to_nothing():
    shares = [share_of_rate(update, 100, 20) for update in range(100)]
    np.testing.assert_allclose(shares[:20], np.arange(1, 21) / 20)
    assert shares[20] == 1 and shares[60] == pytest.approx(0.5) and 0 < shares[99] < 0.001
    assert share_of_rate(0, 10, 0) == 1
    trained = fit(networks(12), epochs=10, schedule="warmup_cosine", warmup=0.2)  # two updates an epoch
    expected = [1e-3 * share_of_rate(2 * epoch + 1, 20, 4) for epoch in range(10)]
    np.testing.assert_allclose(errors(trained, "train", "learning_rate"), expected)


def test_the_rate_of_plateau_falls_after_more_than_10_epochs_without_a_lower_loss():
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.Adam([weight], lr=1.0)
    schedule = schedule_for(SMALL, optimiser, 1)
    rates = []
    for loss in [1.0] * 12 + [0.99995] + [0.9] * 11 + [0.8]:
        schedule.after_update()
        schedule.after_epoch(loss)
        rates.append(optimiser.param_groups[0]["lr"])
    assert rates == pytest.approx([1.0] * 11 + [0.3] * 14)
    schedule.after_epoch(0.8)
    assert fit(networks(12)).history.query("quantity == 'learning_rate'").value.tolist() == [1e-3] * 4


class Stub(torch.nn.Module):
    """Latents are a row's first numbers, the output is what `output` makes of rows."""

    def __init__(self, output) -> None:
        super().__init__()
        self.output = output

    def forward(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return rows[:, :5], self.output(rows)


def look(output, sigma=None) -> dict[tuple[str, str, str], float]:
    rows = torch.from_numpy(networks(12))
    parts = {"train": rows[:9], "validation": rows[9:]}
    check = Check(parts, rows[:9].mean(0), torch.ones(2464) if sigma is None else sigma, Architecture())
    return {(split, quantity, layer): value for split, quantity, layer, value in check(Stub(output))}


def test_r2_is_1_for_a_copy_and_0_for_the_mean_of_the_training_rows():
    rows, layers = torch.from_numpy(networks(12)), [layer.name for layer in Architecture().layers]
    copy, mean = look(lambda part: part), look(lambda part: rows[:9].mean(0).expand_as(part))
    for split in ("train", "validation"):
        for layer in ("all", *layers):
            assert copy[split, "r2", layer] == 1 and mean[split, "r2", layer] == pytest.approx(0, abs=1e-6)
        assert copy[split, "error", "all"] == 0
    assert len(copy) == 2 * (1 + 6 + 3)


def test_r2_and_error_are_their_sums_written_out(monkeypatch):
    rows, sigma = networks(12).astype(np.float64), np.linspace(0.5, 2, 2464)
    found = look(lambda part: 0.9 * part + 0.01, torch.from_numpy(sigma))
    mean, span = rows[:9].mean(0), Architecture().layers[2].span
    squared = [np.square(0.9 * row + 0.01 - row) for row in rows[9:]]
    of_mean = [np.square(mean - row) for row in rows[9:]]
    assert found["validation", "error", "all"] == pytest.approx(np.mean([s / sigma**2 for s in squared]), rel=1e-5)
    layer = 1 - sum((s / sigma**2)[span].sum() for s in squared) / sum((s / sigma**2)[span].sum() for s in of_mean)
    assert found["validation", "r2", Architecture().layers[2].name] == pytest.approx(layer, rel=1e-5)
    everything = 1 - sum((s / sigma**2).sum() for s in squared) / sum((s / sigma**2).sum() for s in of_mean)
    assert found["validation", "r2", "all"] == pytest.approx(everything, rel=1e-5)
    monkeypatch.setattr("hyperpipe.hyperrep.check.ROWS_AT_ONCE", 2)
    assert look(lambda part: 0.9 * part + 0.01, torch.from_numpy(sigma)) == pytest.approx(found, rel=1e-9)


def test_looking_is_without_dropout_and_goes_back_to_training():
    rows = torch.from_numpy(networks(12))
    check = Check({"train": rows}, rows.mean(0), torch.ones(2464), Architecture())
    autoencoder = Autoencoder(Architecture(), SMALL.model_copy(update={"dropout": 0.5})).train()
    assert check(autoencoder) == check(autoencoder) and autoencoder.training


def test_latent_statistics_of_a_line_a_cross_and_of_equal_rows():
    line = torch.linspace(-0.5, 0.5, 7)[:, None] * torch.tensor([1.0, 0.5])
    assert latent_statistics(line)["latent_dimensions"] == pytest.approx(1)
    cross = 0.995 * torch.cat([torch.eye(4), -torch.eye(4)])  # four directions alike
    found = latent_statistics(cross)
    assert found["latent_dimensions"] == pytest.approx(4) and found["latent_saturated"] == 0.25
    assert found["latent_spread"] == pytest.approx(0.995 / 2)
    wide = torch.cat([cross, torch.zeros(8, 20)], 1)  # more dimensions than rows
    assert latent_statistics(wide)["latent_dimensions"] == pytest.approx(4)
    assert latent_statistics(torch.ones(3, 2)) == {"latent_spread": 0, "latent_saturated": 1, "latent_dimensions": 0}


@pytest.mark.parametrize("changes", [{}, {"contrast": "released", "permutation_pool": 9}, {"beta": 1.0}])
def test_what_a_step_computes_is_all_on_the_device_that_rows_lie_on(changes):
    """On the device ``meta`` tensors have no values: a tensor elsewhere, or a host that waits for one, raises."""
    settings, architecture = SMALL.model_copy(update=changes), Architecture()
    views = Views(architecture, settings, generator())
    rows = torch.from_numpy(networks(4)).to("meta")
    modules = Autoencoder(architecture, settings).to("meta"), ProjectionHead(settings).to("meta")
    losses = batch_losses(*modules, rows, layer_sigma(rows, architecture), views, generator())
    losses[2].backward()
    assert all(part.is_meta and part.shape == () for part in losses)
    assert all(p.grad.is_meta for p in modules[0].parameters())


def test_log_and_record_of_a_run_name_the_device(run):
    record = json.loads((run / "results/hyperreps/digits/lwln/hyperrep.h5.prov.json").read_text())
    device = gpu() or cpu()
    assert record["notes"] == {"device": device}
    log = (run / "results/logs/hyperreps/digits/lwln.log").read_text()
    assert log.startswith(f"hyperrep/digits/lwln: trains on {device}\n")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_a_gpu_training_goes_as_on_the_cpu():
    rows = networks(12)
    here, there = (
        train_autoencoder(
            rows[:9],
            rows[9:],
            Architecture(),
            SMALL.model_copy(update={"dropout": 0.0}),
            "lwln",
            root_seed=0,
            purpose="t",
            device=device,
        ).history
        for device in ("cpu", "cuda")
    )
    np.testing.assert_allclose(there.value, here.value, rtol=1e-3, atol=1e-3)


def test_a_loss_that_is_not_finite_stops_the_training():
    with pytest.raises(
        HyperpipeError,
        match=r"t: training loss (nan|inf) in epoch 1; lower hyperrep.learning_rate",
    ):
        fit(np.full((12, 2464), 1e30, np.float32), loss="plain")


def test_rows_that_no_training_fits_are_refused_in_one_line():
    with pytest.raises(
        HyperpipeError, match=r"t: 9 training rows are too few for a batch of 10; lower hyperrep.batch_"
    ):
        fit(networks(12), batch_size=10)
    with pytest.raises(
        HyperpipeError, match=r"t: training rows of shape \[9, 2465\] are no networks of 1-8-6-4-20-10, "
    ):
        fit(np.zeros((12, 2465), np.float32))
    trained = fit(networks(12), batch_size=9)
    hyperrep = HyperRepresentation("z", "plain", Architecture(), SMALL, trained.checkpoints)
    with pytest.raises(HyperpipeError, match=r"z: latents of shape \[3, 9\] where it takes \[any number, 8\]; use one"):
        hyperrep.decode(np.zeros((3, 9), np.float32), "last")
