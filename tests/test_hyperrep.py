"""Tokens, losses, the autoencoder and its training."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch
from some_networks import WIDE, generator, networks

from hyperpipe.cnn import Architecture, to_module
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.augment import Views
from hyperpipe.hyperrep.autoencoder import Autoencoder, Norm, ProjectionHead
from hyperpipe.hyperrep.hyperrep_store import HyperRepresentation, read_hyperrep, write_hyperrep
from hyperpipe.hyperrep.losses import layer_sigma, nt_xent, reconstruction_loss, released_contrast
from hyperpipe.hyperrep.rows import list_rows, used_rows
from hyperpipe.hyperrep.settings import HyperRep
from hyperpipe.hyperrep.tokens import from_tokens, to_tokens, token_shapes
from hyperpipe.hyperrep.train import batch_losses, reconstruction_error, train_autoencoder
from hyperpipe.machine import cpu, gpu
from hyperpipe.zoo.trainer import Trained
from hyperpipe.zoo.zoo_store import Zoo

SMALL = HyperRep(
    width=24,
    heads=2,
    feed_forward=24,
    encoder_blocks=1,
    decoder_blocks=1,
    latent=8,
    projection_layers=1,
    projection_width=8,
    projection_outputs=4,
    epochs=4,
    batch_size=4,
    learning_rate=1e-3,
)


def test_the_papers_network_has_48_tokens_with_each_neurons_weights_and_bias():
    assert token_shapes(Architecture()) == [(8, 26), (6, 201), (4, 25), (20, 37), (10, 21)]
    flat = torch.from_numpy(networks(2))
    tokens = to_tokens(flat, Architecture())
    module = to_module(flat[1].numpy(), Architecture(), "tanh")
    assert (tokens[1][1, 2, :-1] == module[3].weight[2].flatten()).all()
    assert tokens[1][1, 2, -1] == module[3].bias[2]
    assert (from_tokens(tokens) == flat).all()


def test_with_sigma_one_the_loss_is_the_mean_squared_error():
    output, target = torch.randn(2, 5, 2464, generator=generator())
    found = reconstruction_loss(output, target, torch.ones(2464))
    torch.testing.assert_close(found, torch.nn.functional.mse_loss(output, target))


def test_predicting_each_layers_mean_costs_1_and_scaling_a_layer_changes_nothing():
    """To 1 / n: σ is the unbiased standard deviation."""
    architecture, rows = Architecture(), torch.from_numpy(networks(7))
    means, expected = torch.empty_like(rows), 0.0
    for layer in architecture.layers:
        means[:, layer.span] = rows[:, layer.span].mean()
        size = layer.span.stop - layer.span.start
        expected += size / architecture.size * (1 - 1 / (7 * size))
    sigma = layer_sigma(rows, architecture)
    loss = reconstruction_loss(means, rows, sigma).item()
    assert loss == pytest.approx(expected, rel=1e-5)
    span = architecture.layers[2].span
    scaled, scaled_means = rows.clone(), means.clone()
    scaled[:, span] *= 30
    scaled_means[:, span] *= 30
    assert reconstruction_loss(scaled_means, scaled, layer_sigma(scaled, architecture)).item() == pytest.approx(loss)


def test_a_layer_of_equal_weights_has_the_floor_as_its_sigma():
    assert (layer_sigma(torch.ones(3, 2464), Architecture()) == 1e-4).all()


def test_nt_xent_is_its_explicit_sum():
    first, second = torch.randn(2, 5, 4, generator=generator(), dtype=torch.float64)
    rows, total = torch.cat([first, second]), 0.0
    for i in range(10):
        similar = [math.exp(torch.cosine_similarity(rows[i], rows[j], dim=0).item() / 0.1) for j in range(10)]
        others = sum(value for j, value in enumerate(similar) if j != i)
        total -= math.log(similar[(i + 5) % 10] / others) / 10
    assert nt_xent(first, second, 0.1).item() == pytest.approx(total)


def test_the_released_contrast_is_least_where_views_are_orthogonal():
    """Protocol §3.2: at T = 0.1 and B = 500 it is 0.1 where they agree."""
    first = torch.randn(500, 50, generator=generator())
    assert released_contrast(first, 3 * first, 0.1).item() == pytest.approx(0.1)
    assert released_contrast(first, -first, 0.1).item() == pytest.approx(0.1)
    orthogonal = torch.cat([first, torch.zeros_like(first)], 1), torch.cat([torch.zeros_like(first), first], 1)
    assert released_contrast(*orthogonal, 0.1).item() == 0


def parameters(module: torch.nn.Module) -> float:
    return sum(parameter.numel() for parameter in module.parameters()) / 1e6


def test_the_released_and_the_predecessors_autoencoder_have_their_sizes():
    """Millions of parameters, protocol §3.1."""
    with torch.device("meta"):
        released = Autoencoder(Architecture(), HyperRep(preset="released"))
        head = ProjectionHead(HyperRep(preset="released"))
        predecessor = Autoencoder(Architecture(), HyperRep(preset="wsl21"))
        colour = Autoencoder(Architecture(in_channels=3), HyperRep(preset="released"))
    encoder = [released.embed, released.encoder, released.bottleneck]
    encoder = sum(map(parameters, encoder)) + (released.compression.numel() + released.encoder_positions.numel()) / 1e6
    assert released.tokens == 48
    assert parameters(released) == pytest.approx(98.5, abs=0.05)
    assert encoder == pytest.approx(25.7, abs=0.05) and parameters(released) - encoder == pytest.approx(72.8, abs=0.05)
    assert parameters(released.expand) == pytest.approx(48.0, abs=0.1)
    assert parameters(head) == pytest.approx(0.78, abs=0.005)
    assert parameters(predecessor) == pytest.approx(44.1, abs=0.05)
    assert parameters(colour) - parameters(released) == pytest.approx(2 * 1428 * 50 / 1e6 + 50 / 1e6)


def test_networks_of_three_channels_and_other_widths_go_through():
    architecture = Architecture(**WIDE)
    latents, output = Autoencoder(architecture, SMALL)(torch.from_numpy(networks(3, architecture)))
    assert latents.shape == (3, 8) and output.shape == (3, architecture.size)


def test_a_part_of_the_weights_reaches_the_latent_through_its_own_token_alone():
    """Tokens per neuron with its bias: what a token's Linear sees are that neuron's weights and no other's."""
    architecture = Architecture()
    autoencoder = Autoencoder(architecture, SMALL)
    seen: list[torch.Tensor] = []
    autoencoder.encoder[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    flat = torch.from_numpy(networks(1))
    layer = architecture.layers[1]
    changed = flat.clone()
    changed[0, layer.bias.start + 2] += 1
    with torch.no_grad():
        autoencoder.encode(flat), autoencoder.encode(changed)
    differ = (seen[0] != seen[1])[0].any(1)
    assert differ.nonzero().flatten().tolist() == [1 + 8 + 2], "the compression token first, then 8 of layer 0"


def test_latents_are_bounded_and_the_norm_is_the_unbiased_one():
    torch.manual_seed(0)
    latents, output = Autoencoder(Architecture(), SMALL)(100 * torch.from_numpy(networks(3)))
    assert latents.shape == (3, 8) and latents.abs().max() <= 1 and output.shape == (3, 2464)
    x = torch.randn(4, 24)
    right = (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-6)
    torch.testing.assert_close(Norm(24)(x), right, rtol=1e-4, atol=1e-5)


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


def test_both_checkpoints_are_what_the_history_says(tmp_path):
    rows = networks(12)
    trained = fit(rows, loss="plain", epochs=40, learning_rate=2e-2, dropout=0.0, permute=False, beta=1.0)
    found = trained.history.query("split == 'validation'").set_index("epoch").value
    best = trained.checkpoints["best_validation"]
    assert best.epoch == found.idxmin() and trained.checkpoints["last"].epoch == 40
    for selection, epoch in (("best_validation", best.epoch), ("last", 40)):
        settings = SMALL.model_copy(update={"selection": selection})
        hyperrep = HyperRepresentation("z", "plain", Architecture(), settings, trained.checkpoints)
        write_hyperrep(tmp_path / "h.h5", hyperrep)
        read = read_hyperrep(tmp_path / "h.h5")
        output = read.decode(read.encode(rows[9:]))
        assert ((output - rows[9:]) ** 2).mean() == pytest.approx(found[epoch], rel=1e-4)
        assert read.selected.epoch == epoch and read.settings == settings
    train = trained.history.query("split == 'train' and part == 'reconstruction'").value
    assert train.iloc[-1] < 0.8 * train.iloc[0]


@pytest.mark.parametrize("contrast", ["nt_xent", "released"])
def test_the_total_is_the_weighted_sum_of_its_parts(contrast):
    history = (
        fit(networks(12), contrast=contrast)
        .history.query("split == 'train'")
        .pivot(index="epoch", columns="part", values="value")
    )
    np.testing.assert_allclose(history.total, 0.9004 * history.reconstruction + 0.0996 * history.contrastive, rtol=1e-5)
    assert (history.contrastive > 0).all()


def test_the_reconstruction_error_does_not_depend_on_how_rows_are_batched(monkeypatch):
    torch.manual_seed(0)
    autoencoder, rows = Autoencoder(Architecture(), SMALL), torch.from_numpy(networks(7))
    whole = reconstruction_error(autoencoder, rows, torch.ones(2464))
    monkeypatch.setattr("hyperpipe.hyperrep.train._EVALUATION", 3)
    assert reconstruction_error(autoencoder, rows, torch.ones(2464)) == pytest.approx(whole, rel=1e-6)


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
    np.testing.assert_allclose(there.value, here.value, rtol=1e-3)


def test_a_loss_that_is_not_finite_stops_the_training():
    with pytest.raises(
        HyperpipeError,
        match=r"t: training loss (nan|inf), validation error (nan|inf) in epoch 1; lower hyperrep.learning_rate",
    ):
        fit(np.full((12, 2464), 1e30, np.float32), loss="plain")


def zoo(weights: np.ndarray) -> Zoo:
    """weights [epochs, M, P] after the epochs 1, 2, …"""
    count = weights.shape[1]
    trained = Trained(tuple(range(1, len(weights) + 1)), weights, {}, {}, "none")
    return Zoo("z", np.arange(1, count + 1), Architecture(), trained, {})


def test_rows_are_by_network_then_epoch_and_what_is_too_large_or_not_finite_is_left_out():
    weights = np.stack([networks(8), networks(8) + 0.01])
    weights[1, 2, 5], weights[0, 4, 6], weights[0, 7, 7] = 5.1, np.nan, -np.inf
    split = pd.DataFrame({"network": range(1, 9), "split": ["train"] * 5 + ["validation"] * 2 + ["test"]})
    listed = list_rows(zoo(weights), split, [1, 2], 5.0)
    assert len(listed) == 16 and listed[listed.left_out == ""].largest_weight.max() <= 5
    excluded = listed[listed.left_out != ""]
    columns = excluded[["network", "epoch", "split", "left_out"]]
    assert list(columns.itertuples(index=False, name=None)) == [
        (3, 2, "train", "too large"),
        (5, 1, "train", "not finite"),
        (8, 1, "test", "not finite"),
    ]
    assert excluded.largest_weight.iloc[0] == np.float32(5.1)
    rows = used_rows(zoo(weights), listed, {})
    pairs = pd.MultiIndex.from_arrays([rows["train"].networks, rows["train"].epochs]).tolist()
    assert pairs == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (4, 1), (4, 2), (5, 2)]
    assert (rows["train"].weights[3] == weights[1, 1]).all()
    assert (rows["test"].weights == weights[1, 7:]).all() and rows["test"].epochs.tolist() == [2]
    with pytest.raises(HyperpipeError, match="epoch 3 was not kept"):
        list_rows(zoo(weights), split, [1, 3], 5.0)
    with pytest.raises(
        HyperpipeError, match=r"0 train rows can be used and 2 are needed, .* 1 not finite, 9 too large"
    ):
        used_rows(zoo(weights), list_rows(zoo(weights), split, [1, 2], 0.001), {"train": 2})
