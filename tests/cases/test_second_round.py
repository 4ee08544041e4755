"""What further users did and got right: their own files, notes, shapes, copies and searches (entries S01 to S44)."""

import copy
import pickle

import numpy as np
import pytest

import network3
from network3 import ConvPoolLayer, FullyConnectedLayer, Network, SoftmaxLayer
from network3.datasets import write_pickle
from network3.layers.ops import conv2d
from tests.cases.entries import case

RNG = np.random.default_rng(7)
IMAGES, LABELS = RNG.random((40, 36)).astype("float32"), np.arange(40) % 4
PAIR = IMAGES, LABELS


def small(batch=4, **options):
    return Network([FullyConnectedLayer(36, 5, **options), SoftmaxLayer(5, 4)], batch)


@case("S01")
@pytest.mark.parametrize("name", ["mnist_holes.pkl.gz", "mnist_holes_expanded.pkl.gz", "holes.pkl.gz"])
def test_a_file_of_ones_own_is_read_or_missing_and_never_mnist(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=name):
        network3.load_data_shared(tmp_path / name)
    grey = RNG.integers(0, 256, (12, 49), dtype=np.uint8), (np.arange(12) % 4).astype("int64")
    with (tmp_path / name).open("wb") as file:
        write_pickle(file, grey, grey, grey)
    training, _, _ = network3.load_data_shared(tmp_path / name)
    np.testing.assert_array_equal(training[1].get_value(), np.arange(12) % 4)
    np.testing.assert_allclose(training[0].get_value(), grey[0] / 256)


@case("S05")
@pytest.mark.parametrize("batch", [1, 2, 4, 7, 11])
def test_any_mini_batch_and_the_record_can_be_pickled(batch):
    history = small(batch).SGD(PAIR, 2, batch, 0.1, PAIR, verbose=False)
    assert history.batches == 40 // batch
    again = pickle.loads(pickle.dumps(history))
    assert (again.cost, again.validation_accuracy) == (history.cost, history.validation_accuracy)


@case("S14")
@pytest.mark.parametrize("p_dropout", [0.0, 0.5])
def test_a_softmax_layer_alone_trains(p_dropout):
    images = np.eye(4, dtype="float32")[LABELS].repeat(9, axis=1)
    net = Network([SoftmaxLayer(36, 4, p_dropout=p_dropout)], 4)
    net.SGD((images, LABELS), 10, 4, 0.5, verbose=False)
    assert net.accuracy((images, LABELS)) == 1.0


@case("S17")
@pytest.mark.parametrize("image_shape", [(1, 6, 6), (4, 1, 6, 6), (9, 1, 6, 6)])
def test_filters_of_one_pixel_without_pooling(image_shape):
    layer = ConvPoolLayer(filter_shape=(3, 1, 1, 1), image_shape=image_shape, poolsize=(1, 1))
    net = Network([layer, SoftmaxLayer(108, 4)], 4)
    net.SGD(PAIR, 1, 4, 0.1, verbose=False)
    w, b = (v.get_value() for v in (layer.w, layer.b))
    expected = 1 / (1 + np.exp(-(IMAGES[:4].reshape(4, 1, 36) * w.reshape(1, 3, 1) + b.reshape(1, 3, 1))))
    found = layer.output.eval({net.x: IMAGES[:4]})
    np.testing.assert_allclose(found.reshape(4, 3, 36), expected, rtol=1e-5)


@case("S21")
@pytest.mark.parametrize("stride", [(3, 4), (5, 1), (2, 7)])
def test_gradients_of_long_strides(stride):
    import pytensor
    import pytensor.tensor as pt

    x, w = RNG.standard_normal((2, 3, 11, 13)), RNG.standard_normal((4, 3, 2, 3))
    vx, vw = pt.tensor("x", shape=x.shape, dtype="float64"), pt.tensor("w", shape=w.shape, dtype="float64")
    y = conv2d(vx, vw, flip=False, stride=stride, padding=(1, 2))
    value, gx, gw = pytensor.function([vx, vw], [y, *pytensor.grad((y**2).sum(), [vx, vw])], mode="NETWORK3")(x, w)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 2)))
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    for n, o, i, j in np.ndindex(value.shape):
        rows, columns = slice(i * stride[0], i * stride[0] + 2), slice(j * stride[1], j * stride[1] + 3)
        np.testing.assert_allclose(
            value[n, o, i, j], (padded[n, :, rows, columns] * w[o]).sum(), rtol=1e-10, atol=1e-12
        )
        dx[n, :, rows, columns] += 2 * value[n, o, i, j] * w[o]
        dw[o] += 2 * value[n, o, i, j] * padded[n, :, rows, columns]
    np.testing.assert_allclose(gx, dx[:, :, 1:-1, 2:-2], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(gw, dw, rtol=1e-9, atol=1e-10)


@case("S23")
@pytest.mark.parametrize("content", [[], ["readme.txt"], ["train-images-idx3-ubyte"]])
def test_a_folder_without_the_files_is_an_error_and_never_another_data_set(tmp_path, content):
    for name in content:
        (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises((ValueError, FileNotFoundError), match=r"expected .*; got "):
        network3.load_data_shared(tmp_path)


@case("S28")
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_cross_validation_runs_in_threads_and_repeats(n_jobs):
    joblib = pytest.importorskip("joblib")

    def fold(k):
        np.random.seed(k)
        net = small(rng=np.random.default_rng(k))
        kept = np.arange(40) % 5 != k
        net.SGD((IMAGES[kept], LABELS[kept]), 2, 4, 0.3, seed=k, shuffle=True, verbose=False)
        return net.predict_proba(IMAGES[~kept])

    found = joblib.Parallel(n_jobs=n_jobs, prefer="threads")(joblib.delayed(fold)(k) for k in range(3))
    for k, probabilities in enumerate(found):
        np.testing.assert_allclose(probabilities, fold(k), rtol=1e-5)


@case("S44")
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_of_data_and_networks_and_a_class_less(copied):
    training, _, _ = network3.load_data_shared()
    images, labels = (copied(v).get_value()[:600] for v in training)
    kept = labels != 7
    net = Network([FullyConnectedLayer(784, 10), SoftmaxLayer(10, 10)], 10)
    net.SGD((images[kept], labels[kept]), 1, 10, 0.1, verbose=False)
    twin = copied(net)
    np.testing.assert_array_equal(twin.predict(images), net.predict(images))
    assert training[0].get_value(borrow=True).shape == (50_000, 784)
