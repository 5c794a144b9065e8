"""An update of an autoencoder: the same as one first written, in each precision as good as it says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from hyperpipe.cnn import Architecture
from hyperpipe.cost.flop import update_flop
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep import precision
from hyperpipe.hyperrep.augment import Views
from hyperpipe.hyperrep.autoencoder import Autoencoder, ProjectionHead, attention
from hyperpipe.hyperrep.hyperrep_store import HyperRepresentation
from hyperpipe.hyperrep.losses import layer_sigma
from hyperpipe.hyperrep.precision import products, refuse_what_is_not_here
from hyperpipe.hyperrep.settings import HyperRep
from hyperpipe.hyperrep.train import batch_losses, train_autoencoder
from hyperpipe.hyperrep.update_reference import reference_losses
from some_networks import SMALL, WIDE, generator, networks

PLAIN = SMALL.model_copy(update={"dropout": 0.0})


def losses_and_gradients(losses, settings, architecture, dtype=torch.float64):
    torch.manual_seed(0)
    modules = Autoencoder(architecture, settings).to(dtype), ProjectionHead(settings).to(dtype)
    rows = torch.from_numpy(networks(6, architecture)).to(dtype)
    views = Views(architecture, settings, generator())
    found = losses(*modules, rows, layer_sigma(rows, architecture), views, generator())
    found[-1].backward()
    gradients = [p.grad for module in modules for p in module.parameters() if p.grad is not None]
    return [part.detach() for part in found], gradients


@pytest.mark.parametrize("shape", [{}, WIDE])
@pytest.mark.parametrize(
    "changes", [{}, {"target": "clean", "contrast": "released", "permutation_pool": 9}, {"beta": 1.0, "heads": 3}]
)
def test_an_update_is_the_one_first_written(shape, changes):
    """In float64: losses and the gradient of every parameter."""
    settings, architecture = PLAIN.model_copy(update=changes), Architecture(**shape)
    losses, gradients = losses_and_gradients(batch_losses, settings, architecture)
    right, right_gradients = losses_and_gradients(reference_losses, settings, architecture)
    torch.testing.assert_close(losses, right, rtol=1e-9, atol=0)
    for found, expected in zip(gradients, right_gradients, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


def test_attention_is_torchs_own():
    query_key_value = torch.randn(3, 7, 3 * 24, generator=generator(), dtype=torch.float64)
    query, key, value = query_key_value.unflatten(2, (3, 4, 6)).permute(2, 0, 3, 1, 4)
    right = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
    torch.testing.assert_close(attention(query_key_value, 4, 0.0), right)


def test_dropped_attention_weights_are_so_many_and_the_others_make_up_for_it():
    """Where all values are one, a head's output is the sum of its weights."""
    query_key_value = torch.randn(50, 20, 3 * 8, generator=generator())
    query_key_value[:, :, 16:] = 1
    torch.manual_seed(0)
    sums = attention(query_key_value, 2, 0.25)
    assert sums.mean().item() == pytest.approx(1, abs=0.01)
    assert attention(query_key_value, 2, 0.0).std().item() < 1e-6 < 0.1 < sums.std().item()


def test_products_of_float32_are_float32_and_torchs_setting_is_as_it_was():
    a, b = torch.rand(2, 300, 300, generator=generator())
    before = torch.backends.mkldnn.matmul.fp32_precision
    with pytest.raises(KeyError), products("float32", torch.device("cpu")):
        assert ((a @ b).double() - a.double() @ b.double()).abs().max() < 1e-3  # bfloat16 would lose 0.1
        raise KeyError
    assert torch.backends.mkldnn.matmul.fp32_precision == before


@pytest.mark.parametrize(("wanted", "set_to"), [("tf32", "tf32"), ("float32", "ieee"), ("bfloat16", "ieee")])
def test_on_a_gpu_products_of_float32_are_in_tf32_only_where_that_is_the_precision(wanted, set_to):
    backend, before = torch.backends.cuda.matmul, torch.backends.cuda.matmul.fp32_precision
    with products(wanted, torch.device("cuda")):
        assert backend.fp32_precision == set_to
    assert backend.fp32_precision == before


def test_where_torch_would_round_float32_its_faster_library_is_not_taken(monkeypatch):
    monkeypatch.setattr(precision, "cpu", lambda: "AMD")
    monkeypatch.setattr(precision, "instruction_sets", lambda: "avx512f amx_bf16")
    monkeypatch.setattr(torch, "mm", lambda a, b: (a.bfloat16() @ b.bfloat16()).float())
    assert not precision._onednn_is_faster.__wrapped__()


@pytest.mark.parametrize(
    ("wanted", "flags", "refused"),
    [
        ("float32", "", False),
        ("tf32", "avx512_bf16", True),
        ("bfloat16", "sse2 avx512f", True),
        ("bfloat16", "sse2 avx512_bf16", False),
        ("bfloat16", "fp asimd bf16", False),  # ARM
    ],
)
def test_a_precision_that_a_cpu_does_not_have_is_refused_in_one_line(wanted, flags, refused, monkeypatch):
    monkeypatch.setattr(precision, "instruction_sets", lambda: flags)
    monkeypatch.setattr(precision, "cpu", lambda: "a CPU")
    if not refused:
        return refuse_what_is_not_here(wanted, "cpu")
    with pytest.raises(HyperpipeError, match=f"hyperrep.precision {wanted}: a CPU has no such products; take float32$"):
        rows, settings = networks(9), SMALL.model_copy(update={"precision": wanted})
        train_autoencoder(rows[:7], rows[7:], Architecture(), settings, "lwln", root_seed=0, purpose="t")


def test_in_bfloat16_an_update_is_about_the_same_and_all_but_products_is_float32(monkeypatch):
    monkeypatch.setattr(precision, "_cpu_has_bfloat16", lambda: True)  # torch emulates it where there is none
    for beta, agreement in ((1.0, 0.999), (0.001, 0.9)):  # the contrast of networks that are still much alike
        settings = HyperRep(preset="medium", beta=beta)
        half = settings.model_copy(update={"precision": "bfloat16"})
        right, right_gradients = losses_and_gradients(batch_losses, settings, Architecture(), torch.float32)
        losses, gradients = losses_and_gradients(batch_losses, half, Architecture(), torch.float32)
        assert all(part.dtype == torch.float32 for part in [*losses, *gradients])
        torch.testing.assert_close(losses, right, rtol=0.05, atol=0)
        assert not losses[0].equal(right[0]), "products were in float32"
        found, expected = (torch.cat([part.flatten() for part in parts]) for parts in (gradients, right_gradients))
        assert torch.cosine_similarity(found, expected, dim=0) > agreement


def test_after_training_in_bfloat16_what_is_looked_at_is_computed_in_float32(monkeypatch):
    monkeypatch.setattr(precision, "_cpu_has_bfloat16", lambda: True)
    rows, settings = networks(12), PLAIN.model_copy(update={"precision": "bfloat16"})
    trained = train_autoencoder(rows[:9], rows[9:], Architecture(), settings, "plain", root_seed=0, purpose="t")
    whole = HyperRepresentation("t", "plain", Architecture(), settings, trained.checkpoints)
    decoded = whole.decode(whole.encode(rows[9:], "last"), "last")
    error = trained.history.query("quantity == 'error' and split == 'validation' and epoch == 4").value.item()
    assert error == pytest.approx(np.square(decoded.astype(float) - rows[9:]).mean(), rel=1e-5)
    assert all(array.dtype == np.float32 for array in trained.checkpoints["last"].state.values())


@pytest.mark.parametrize(
    ("shape", "changes"), [({}, {}), (WIDE, {"beta": 1.0}), (WIDE, {"contrast": "released", "encoder_blocks": 2})]
)
def test_the_operations_of_an_update_are_those_that_torch_counts(shape, changes):
    architecture, settings = Architecture(**shape), PLAIN.model_copy(update={"batch_size": 6} | changes)
    with FlopCounterMode(display=False) as counted:
        losses_and_gradients(batch_losses, settings, architecture, torch.float32)
    assert counted.get_total_flops() == update_flop(architecture, settings)


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_memory_that_is_freed_is_kept_for_its_next_use():
    """Else every page of a large tensor is zeroed anew."""
    script = """
import resource
from hyperpipe.machine import keep_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10): b"1" * 2**26
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults(), keep_memory() or faults())
"""
    before, after = map(int, subprocess.check_output([sys.executable, "-c", script], text=True).split())
    assert after < before / 5
