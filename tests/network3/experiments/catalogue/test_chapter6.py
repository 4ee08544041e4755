"""The fifteen rows of chapter 6, compared with the numbers and sizes in the book and its program."""

import json

import pytest

import network3
from network3.experiments.catalogue import RUNS, chapter6

# name: row, parameters, test accuracy, training images, epochs, eta, lmbda, dropout of each layer
BOOK = {
    "shallow": ("6.1", 79_510, 97.80, "mnist", 60, 0.1, 0.0, (0, 0)),
    "basic_conv": ("6.2", 289_630, 98.78, "mnist", 60, 0.1, 0.0, (0, 0, 0)),
    "omit_FC": ("6.3", 20 * 26 + 2880 * 10 + 10, None, "mnist", 60, 0.1, 0.0, (0, 0)),
    "dbl_conv": ("6.4", 85_670, 99.06, "mnist", 60, 0.1, 0.0, (0, 0, 0, 0)),
    "dbl_conv_tanh": ("6.5", 85_670, None, "mnist", 60, 0.1, 0.0, (0, 0, 0, 0)),
    "regularized_dbl_conv": ("6.6", 85_670, None, "mnist", 60, 0.1, 0.1, (0, 0, 0, 0)),
    "dbl_conv_relu": ("6.7", 85_670, 99.23, "mnist", 60, 0.03, 0.1, (0, 0, 0, 0)),
    "expanded_data_100": ("6.8", 85_670, 99.37, "expanded", 60, 0.03, 0.1, (0, 0, 0, 0)),
    "expanded_data_300": ("6.9", 215_870, 99.46, "expanded", 60, 0.03, 0.1, (0, 0, 0, 0)),
    "expanded_data_1000": ("6.10", 671_570, 99.43, "expanded", 60, 0.03, 0.1, (0, 0, 0, 0)),
    "expanded_data_double_fc_100": ("6.11", 95_770, 99.43, "expanded", 60, 0.03, 0.1, (0, 0, 0, 0, 0)),
    "expanded_data_double_fc_300": ("6.12", 306_170, 99.48, "expanded", 60, 0.03, 0.1, (0, 0, 0, 0, 0)),
    "expanded_data_double_fc_1000": ("6.13", 1_672_570, 99.47, "expanded", 60, 0.03, 0.1, (0, 0, 0, 0, 0)),
    "double_fc_dropout": ("6.14", 1_672_570, 99.60, "expanded", 40, 0.03, 0.0, (0, 0, 0.5, 0.5, 0.5)),
    "ensemble": ("6.15", 1_672_570, 99.67, "expanded", 40, 0.03, 0.0, (0, 0, 0.5, 0.5, 0.5)),
}


def test_the_rows_are_the_books():
    assert [run.name for run in chapter6.RUNS] == list(BOOK)
    assert all(RUNS[name].name == name for name in RUNS)


@pytest.mark.parametrize("name", BOOK)
def test_each_row_is_as_in_the_book(name):
    run = RUNS[name]
    row, parameters, published, data, epochs, eta, lmbda, dropout = BOOK[name]
    net = network3.Network(run.layers(10), 10)
    assert sum(w.size for w in net.get_weights()) == parameters
    assert tuple(layer.p_dropout for layer in net.layers) == dropout
    assert (run.row, run.data) == (row, data)
    value = None if published is None else pytest.approx(published / 100)
    assert run.published == {"test accuracy at the best validation epoch": value}
    assert {"lmbda": 0.0} | run.training == {"epochs": epochs, "mini_batch_size": 10, "eta": eta, "lmbda": lmbda}
    assert (run.nets, run.voters_of) == ((5, ("double_fc_dropout",)) if name == "ensemble" else (1, ()))


def test_activations_are_the_rows():
    for name, activation in (("dbl_conv", "sigmoid"), ("dbl_conv_tanh", "tanh"), ("double_fc_dropout", "ReLU")):
        *hidden, _ = RUNS[name].layers(10)
        assert {layer.activation_fn.__name__ for layer in hidden} == {activation}


def test_the_scan_of_row_6_6_is_the_original_programs():
    assert RUNS["regularized_dbl_conv"].scan == {"lmbda": tuple(10.0**k for k in range(-5, 3))}
    assert not any(run.scan for name, run in RUNS.items() if name != "regularized_dbl_conv")
    variants = RUNS["regularized_dbl_conv"].variants()
    assert [variant.name for variant in variants[:2]] == [
        f"regularized_dbl_conv-lmbda-{v}" for v in ("1e-05", "0.0001")
    ]
    assert [variant.training["lmbda"] for variant in variants] == [10.0**k for k in range(-5, 3)]


def test_json_has_all_but_the_functions():
    values = json.loads(json.dumps(RUNS["double_fc_dropout"].as_dict()))
    assert values["published"] == {"test accuracy at the best validation epoch": 0.9960}
    assert (values["cost"], values["first"]) == ("the last layer's", [None, None])
    assert values["training"] == {"epochs": 40, "mini_batch_size": 10, "eta": 0.03}
