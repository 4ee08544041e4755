"""Augmentation: the images of each epoch, their repetition with a seed, and functions that are refused."""

import signal

import numpy as np
import pytest

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer, TrainingInterrupted, datasets
from network3.optim.augmentation import Deformation

IMAGES = np.random.default_rng(1).integers(0, 256, (60, 30)).astype("uint8")
LABELS = np.random.default_rng(2).integers(0, 3, 60).astype("int32")
BENT = Deformation(rotation=20, scaling=0.2, elastic=3, smoothness=2, shift=1, fill=7, image_shape=(5, 6))


def network():
    rng = np.random.default_rng(4)
    return Network([FullyConnectedLayer(30, 8, rng=rng), SoftmaxLayer(8, 3, rng=rng)], 4)


def train(images=IMAGES, epochs=3, **arguments):
    net = network()
    net.SGD((images, LABELS), epochs, 4, 0.3, **arguments)
    return net.get_weights()


def same(one, other):
    return all((a == b).all() for a, b in zip(one, other, strict=True))


def test_a_deformation_agrees_with_deform():
    expected = datasets.deform(
        IMAGES, rotation=20, scaling=0.2, elastic=3, smoothness=2, shift=1, fill=7, image_shape=(5, 6), seed=3
    )
    np.testing.assert_array_equal(BENT(IMAGES, np.random.default_rng(3)), expected)


@pytest.mark.parametrize("backend", ["network3", "jax"])
def test_each_epoch_trains_on_its_augmented_images(backend):
    network3.use(backend=backend)
    made = []

    def augment(images, rng):
        made.append(BENT(images, rng))
        return made[-1]

    weights = train(augment=augment, seed=5)
    first, *epochs = made
    assert len(first) == 2  # a trial call
    assert [len(images) for images in epochs] == [60, 60, 60]
    assert not (epochs[0] == epochs[1]).all()
    net = network()
    for images in epochs:
        net.SGD((images, LABELS), 1, 4, 0.3)
    assert same(weights, net.get_weights())


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_training_images_are_not_changed(dtype):
    images = IMAGES if dtype == "uint8" else IMAGES.astype(dtype) / 256
    before = images.copy()
    train(images, augment=BENT, seed=5)
    np.testing.assert_array_equal(images, before)


def test_a_seed_repeats_the_images():
    assert same(train(augment=BENT, seed=5), train(augment=BENT, seed=5))
    assert not same(train(augment=BENT, seed=5), train(augment=BENT, seed=6))
    np.random.seed(8)
    drawn = train(augment=BENT)
    np.random.seed(8)
    assert same(drawn, train(augment=BENT))
    assert not same(drawn, train(augment=BENT))


def test_an_interrupted_training_sees_the_same_images_again(tmp_path, monkeypatch):
    monkeypatch.setattr("network3.training.trainer.STEPS_A_CHUNK", 5)
    expected = train(augment=BENT, shuffle=True, seed=5)

    def press_ctrl_c(progress):
        if (progress.epoch, progress.batch) == (1, 10):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(TrainingInterrupted):
        train(augment=BENT, shuffle=True, seed=5, callbacks=[press_ctrl_c], checkpoint=tmp_path / "c")
    assert same(expected, train(augment=BENT, shuffle=True, seed=5, resume=tmp_path / "c"))
    other = Deformation(rotation=10, image_shape=(5, 6))
    with pytest.raises(ValueError, match=r"augment was Deformation\(rotation=20.* and is Deformation\(rotation=10"):
        train(augment=other, shuffle=True, seed=5, resume=tmp_path / "c")


@pytest.mark.parametrize(
    ("augment", "got"),
    [
        (lambda images, rng: images[1:], r"\(1, 30\), uint8"),
        (lambda images, rng: images / 2, r"\(2, 30\), float64"),
        (lambda images, rng: None, "None"),
    ],
)
def test_a_result_of_another_shape_or_type_is_refused_before_training(augment, got):
    net = network()
    before = net.get_weights()
    expected = (
        rf"^SGD: augment: expected images of shape \(2, 30\) and type uint8, as they were given; got {got}\. Return"
    )
    with pytest.raises(ValueError, match=expected):
        net.SGD((IMAGES, LABELS), 3, 4, 0.3, augment=augment)
    assert same(before, net.get_weights())


def test_an_augment_that_is_no_function_is_refused():
    for augment in (Deformation, "deform", 3):
        with pytest.raises(
            TypeError, match=r"^SGD: augment: expected a function, or an object that can be called; got "
        ):
            train(augment=augment)


def test_a_deformation_that_does_not_fit_the_images_is_reported_before_training():
    with pytest.raises(ValueError, match=r"^deform: images must have the shape \(n, 784\)"):
        train(augment=Deformation(rotation=10))
