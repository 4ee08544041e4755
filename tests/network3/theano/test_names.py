"""Theano's names: those of PyTensor, those that are here, those that are missing; and the mode of `function`."""

import importlib

import numpy as np
import pytensor
import pytest

import network3.theano as theano
import network3.theano.tensor as T
from network3.layers.backends.cpu.linker import Network3Linker
from network3.theano.missing import SUCCESSORS


@pytest.mark.parametrize("name", ["shared", "config", "grad", "scan", "printing", "In"])
def test_what_pytensor_has_is_that_of_pytensor(name):
    assert getattr(theano, name) is getattr(pytensor, name)


@pytest.mark.parametrize("name", ["matrix", "fmatrix", "ivector", "tensor4", "dot", "tanh", "neq", "grad", "argmax"])
def test_tensors_are_those_of_pytensor(name):
    assert getattr(T, name) is getattr(pytensor.tensor, name)


PLACES = {
    "theano": ("conv2d", "pool_2d", "relu", "softmax", "categorical_crossentropy", "binary_crossentropy"),
    "theano.tensor.nnet": ("conv2d", "conv2d_transpose", "relu", "sigmoid", "softplus", "batch_normalization_train"),
    "theano.tensor.nnet.abstract_conv": ("conv2d", "conv2d_grad_wrt_inputs", "bilinear_upsampling"),
    "theano.tensor.nnet.conv": ("conv2d",),
    "theano.tensor.nnet.bn": ("batch_normalization_train", "batch_normalization_test"),
    "theano.tensor.signal.pool": ("pool_2d", "max_pool_2d_same_size"),
    "theano.tensor.signal.downsample": ("max_pool_2d",),
    "theano.gpuarray.dnn": ("dnn_conv", "dnn_pool"),
}


@pytest.mark.parametrize("place", PLACES)
def test_functions_are_in_the_modules_of_theano(place):
    module = importlib.import_module(f"network3.{place}")
    assert [name for name in PLACES[place] if not callable(getattr(module, name))] == []
    assert T.nnet.conv2d is theano.conv2d
    assert T.signal.pool.pool_2d is theano.pool_2d


@pytest.mark.parametrize(
    ("module", "name", "hint"),
    [
        ("theano", "clone", "pytensor.graph.replace.clone_replace"),
        ("theano", "sandbox", "RandomStream"),
        ("theano.tensor", "Rop", "pytensor.gradient.Rop"),
        ("theano.tensor", "matrx", "docs/porting.md"),
        ("theano.tensor.nnet", "conv3d", "docs/porting.md"),
    ],
)
def test_a_missing_name_is_reported_with_its_successor(module, name, hint):
    found = importlib.import_module(f"network3.{module}")
    message = rf"^network3\.{module}: expected a name that PyTensor or network3 has; got {name}\. .*{hint}.*\.$"
    with pytest.raises(AttributeError, match=message):
        getattr(found, name)


@pytest.mark.parametrize("name", SUCCESSORS)
def test_successors_exist_and_the_names_do_not(name):
    module, _, attribute = SUCCESSORS[name].rpartition(".")
    assert hasattr(importlib.import_module(module), attribute)
    module, _, attribute = name.rpartition(".")
    assert not hasattr(importlib.import_module(f"network3.{module}"), attribute)


def test_a_star_import_takes_what_is_here():
    scope = {}
    exec("from network3.theano.tensor.nnet import *", scope)
    assert scope["conv2d"] is T.nnet.conv2d


def test_a_function_has_the_mode_network3_unless_another_is_given():
    x = T.tensor("x", shape=(3,), dtype="float64")
    assert isinstance(theano.function([x], x * 2).maker.linker, Network3Linker)
    assert not isinstance(theano.function([x], x * 2, "FAST_COMPILE").maker.linker, Network3Linker)
    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        assert not isinstance(theano.function([x], x * 2).maker.linker, Network3Linker)


def test_a_function_takes_the_arguments_of_theano():
    x, y = T.dscalar("x"), T.dscalar("y")
    total = theano.shared(0.0)
    add = theano.function([x], total * y, None, [(total, total + x)], {y: x * 2}, name="add")
    assert (float(add(1)), float(add(np.float64(3))), float(total.get_value())) == (0.0, 6.0, 4.0)
    assert T.inv(T.constant(4.0)).eval(mode="FAST_COMPILE") == 0.25
