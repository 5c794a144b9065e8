from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from conftest import architectures
from hyperpipe.cnn import BIAS, Architecture, from_arrays, initialise, to_arrays, to_module
from hyperpipe.errors import HyperpipeError
from hyperpipe.randomness import stream


def test_the_papers_networks_have_its_sizes_and_offsets():
    assert Architecture().size == 2464
    assert Architecture(in_channels=3).size == 2864
    assert [layer.offset for layer in Architecture().layers] == [0, 208, 1414, 1514, 2254]
    assert [layer.index for layer in Architecture().layers] == [0, 3, 6, 9, 11]


@given(architectures, st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_the_flat_vector_comes_back_from_its_arrays_and_from_the_module(architecture, seed):
    flat = np.random.default_rng(seed).standard_normal(architecture.size).astype(np.float32)
    assert (from_arrays(to_arrays(flat, architecture), architecture) == flat).all()
    state = to_module(flat, architecture, "tanh").state_dict()
    assert (from_arrays({name: t.numpy() for name, t in state.items()}, architecture) == flat).all()


@pytest.mark.parametrize("activation", ["tanh", "gelu", "relu"])
def test_the_module_is_the_papers_table_3(activation):
    """Written out once more by hand: pooling before the activation, none after the third convolution."""
    architecture = Architecture(in_channels=3)
    flat = np.random.default_rng(0).standard_normal(architecture.size).astype(np.float32) * 0.3
    w = {name: torch.from_numpy(array.copy()) for name, array in to_arrays(flat, architecture).items()}
    act = {"tanh": torch.tanh, "gelu": functional.gelu, "relu": torch.relu}[activation]
    images = torch.randn(4, 3, 28, 28)
    x = act(functional.max_pool2d(functional.conv2d(images, w["0.weight"], w["0.bias"]), 2))
    x = act(functional.max_pool2d(functional.conv2d(x, w["3.weight"], w["3.bias"]), 2))
    x = act(functional.conv2d(x, w["6.weight"], w["6.bias"]))
    x = act(x.reshape(4, 36) @ w["9.weight"].T + w["9.bias"])
    expected = x @ w["11.weight"].T + w["11.bias"]
    torch.testing.assert_close(to_module(flat, architecture, activation)(images), expected, rtol=1e-5, atol=1e-5)


def test_inits_are_those_of_the_released_code():
    architecture = Architecture()
    rows = {init: initialise(architecture, init, stream(0, "t")) for init in ("uniform", "kaiming_uniform")}
    for layer in architecture.layers:
        bound = np.sqrt(6 / layer.fan_in)
        uniform, kaiming = rows["uniform"][layer.weight], rows["kaiming_uniform"][layer.weight]
        assert uniform.min() >= 0 and 0.97 < uniform.max() <= 1
        assert -bound <= kaiming.min() < -0.9 * bound and 0.9 * bound < kaiming.max() <= bound
        for row in rows.values():
            assert (row[layer.bias] == np.float32(BIAS)).all()


def test_pytorchs_default_init_has_pytorchs_bounds():
    network = torch.nn.Linear(36, 20)
    row = initialise(Architecture(), "pytorch_default", stream(0, "t"))
    for layer in Architecture().layers:
        bound = 1 / np.sqrt(layer.fan_in)
        assert 0.9 * bound < abs(row[layer.weight]).max() <= bound
        assert 0.5 * bound < abs(row[layer.bias]).max() <= bound
    assert network.weight.abs().max().item() <= 1 / 6, "what torch does itself"


def test_weights_of_another_architecture_are_refused():
    with pytest.raises(HyperpipeError, match=r"\(7,\) do not fit architecture 1-8-6-4-20-10: it has \(2464,\)"):
        to_arrays(np.zeros(7, np.float32), Architecture())
    arrays = to_arrays(np.zeros(2464, np.float32), Architecture())
    with pytest.raises(HyperpipeError, match=r"9\.bias"):
        from_arrays({**arrays, "9.bias": np.zeros(3)}, Architecture())
