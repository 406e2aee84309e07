"""The wide and deep network, and the convolutional recurrent one: what they are made of, in numbers."""

import numpy as np
import pytest
import torch

from songfeat import registry
from songfeat.errors import ConfigError, SpecMismatch
from songfeat.labels import NUMERIC_INPUTS
from songfeat.models.crnn_network import Crnn
from songfeat.specs import get_spec
from tests.modelling import train_quickly

MFCC = torch.randn(3, 6, 12, generator=torch.Generator().manual_seed(0))
NUMBERS = torch.randn(3, 7, generator=torch.Generator().manual_seed(1))


def build(name, shapes, n_targets=2, **settings):
    torch.manual_seed(0)
    entry = registry.get(name)
    return entry.build(entry.configure(settings)[0], shapes, n_targets).eval()


def log_odds(answers):
    return torch.log(answers / (1 - answers))


def test_what_a_number_adds_to_the_log_odds_is_its_weight_whatever_is_heard():
    model = build("wide_deep", {"numeric": (7,), "mfcc": (6, 12)})
    before = log_odds(model({"numeric": NUMBERS, "mfcc": MFCC}))
    louder = NUMBERS.clone()
    louder[:, 2] += 1
    change = log_odds(model({"numeric": louder, "mfcc": MFCC})) - before
    torch.testing.assert_close(change, model.wide.weight[:, 2].expand(3, 2), rtol=1e-3, atol=1e-4)


def test_without_the_wide_part_it_is_the_simple_network():
    model = build("wide_deep", {"numeric": (7,), "mfcc": (6, 12)})
    torch.nn.init.zeros_(model.wide.weight)
    torch.testing.assert_close(model({"numeric": NUMBERS, "mfcc": MFCC}), model.deep({"mfcc": MFCC}))


def test_it_sees_the_numbers_that_are_chosen():
    trained = train_quickly(registry.get("wide_deep"), tempo_offset=False)
    assert trained.preparation.scalers["numeric"].names == NUMERIC_INPUTS
    assert trained.model.wide.in_features == len(NUMERIC_INPUTS)


@pytest.mark.parametrize(
    ("shape", "steps"),
    [
        ((64, 1292), 27),  # two frames averaged: 646, 323, 108, 27
        ((20, 160), 27),  # 80, 27
        ((6, 12), 12),
        ((1, 1), 1),
    ],
)
def test_the_recurrent_layer_sees_one_row_of_maps_for_some_steps_of_time(shape, steps):
    model = Crnn(shape, (2, 3, 4, 5), hidden=6, dropout=0.0, n_targets=1).eval()
    seen = []
    model.gru.register_forward_hook(lambda module, given, _: seen.append(given[0].shape))
    assert model({"logmel": torch.randn(2, *shape)}).shape == (2, 1)
    assert seen == [(2, steps, 5)]


def test_the_order_of_time_matters_to_the_recurrent_layer():
    model = build("crnn", {"logmel": (6, 12)})
    with torch.no_grad():
        assert not torch.allclose(model({"logmel": MFCC}), model({"logmel": MFCC.flip(2)}), atol=1e-4)


def test_the_recurrent_network_is_for_spectrograms_and_small():
    entry = registry.get("crnn")
    assert entry.default_spec == "logmel"
    model = entry.build(entry.config(), {"logmel": get_spec("logmel").shape}, 5)
    assert sum(weights.numel() for weights in model.parameters()) < 100_000
    assert sum(np.prod(weights.shape) for weights in model.head.parameters()) == 65 * 5


@pytest.mark.parametrize(
    ("name", "setting", "value", "message"),
    [
        ("crnn", "channels", "8,8,8,8,8", "channels must be one to 4 widths"),
        ("crnn", "channels", "8,0", "channels must be one to 4 widths"),
        ("crnn", "hidden", "0", "hidden must be 1 or more, got 0"),
        ("crnn", "dropout", "1", "dropout must be 0 or more and below 1, got 1.0"),
        ("wide_deep", "hidden", "0", "hidden must be 1 or more, got 0"),
        ("spectrogram_cnn_binary", "hidden", "0", "hidden must be 1 or more, got 0"),
    ],
)
def test_a_setting_that_makes_no_network_is_refused(name, setting, value, message):
    with pytest.raises(ConfigError, match=message):
        registry.get(name).configure({setting: value})


@pytest.mark.parametrize("name", ["wide_deep", "spectrogram_cnn_binary"])
def test_arrays_too_small_to_be_pooled_twice_are_refused(name):
    with pytest.raises(SpecMismatch, match=r"4 coefficients and frames or more, the spec has \(3, 12\)"):
        build(name, {"numeric": (7,), "mfcc": (3, 12)}, 1)
