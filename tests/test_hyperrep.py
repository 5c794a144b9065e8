"""Tokens, losses, the autoencoder and the rows that it learns from."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

from hyperpipe.cnn import Architecture, to_module
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.autoencoder import Autoencoder, Norm, ProjectionHead
from hyperpipe.hyperrep.losses import layer_sigma, nt_xent, reconstruction_loss, released_contrast
from hyperpipe.hyperrep.rows import list_rows, used_rows
from hyperpipe.hyperrep.settings import HyperRep
from hyperpipe.hyperrep.tokens import from_tokens, to_tokens, token_shapes
from hyperpipe.zoo.trainer import Trained
from hyperpipe.zoo.zoo_store import Zoo
from some_networks import SMALL, WIDE, generator, networks


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
