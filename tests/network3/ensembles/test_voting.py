"""Networks that vote, compared with a plain count of votes."""

import re
from collections import Counter

import numpy as np
import pytest

import network3
from network3 import FullyConnectedLayer, Network, SoftmaxLayer, ensemble

IMAGES = np.random.default_rng(5).random((123, 6))
LABELS = np.random.default_rng(6).integers(0, 4, 123)


@pytest.fixture(scope="module")
def nets():
    rng = np.random.default_rng(7)
    voters = [Network([SoftmaxLayer(6, 4)], 10) for _ in range(5)]
    for net in voters:
        net.set_weights([rng.normal(size=(6, 4)), rng.normal(size=4)])
    return voters


def counted(nets):
    """Return the majority of each image as the original counts it: of equal votes, the one that came first."""
    votes = [net.predict(IMAGES) for net in nets]
    return np.array([Counter(image).most_common(1)[0][0] for image in zip(*votes, strict=True)])


@pytest.mark.parametrize("count", [1, 2, 4, 5])
def test_the_majority_decides_and_the_accuracy_is_printed(nets, count, capsys):
    expected = counted(nets[:count])
    locations, predictions = ensemble(nets[:count], (IMAGES, LABELS))
    wrong = np.flatnonzero(expected != LABELS)
    assert locations == wrong.tolist()
    assert predictions == expected[wrong].tolist()
    assert capsys.readouterr().out == f"Accuracy is {(expected == LABELS).mean():.2%}\n"


def test_each_network_keeps_its_votes(nets, capsys):
    ensemble(nets, (IMAGES, LABELS))
    for net in nets:
        np.testing.assert_array_equal(net.test_predictions, net.predict(IMAGES))


def test_ties_go_to_the_first_in_the_list(nets, capsys):
    two = nets[:2]
    first = two[0].predict(IMAGES)
    assert (first != two[1].predict(IMAGES)).any()
    locations, predictions = ensemble(two, (IMAGES, LABELS))
    assert predictions == first[locations].tolist()


def test_mnists_test_images_are_the_default(capsys):
    net = Network([SoftmaxLayer(784, 10)], 10)
    locations, predictions = ensemble([net])
    assert set(predictions) == {0}  # an untrained softmax predicts 0 for all images; 980 of them are
    assert len(locations) == 10_000 - 980
    assert capsys.readouterr().out == "Accuracy is 9.80%\n"


class Values(FullyConnectedLayer):
    """A last layer whose outputs are values, not labels."""

    target_dtype = "float32"
    target_ndim = 2

    def cost(self, net):
        return ((self.output_dropout - net.y) ** 2).mean()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda nets: ([],), r"expected a list of networks; got none\. Pass at least one"),
        (lambda nets: (nets[0],), r"expected a list of networks; got a Network\. Pass at least one"),
        (lambda nets: ([nets[0], "a"],), r"entry 1 must be a network that predicts labels; got a str\. Pass"),
        (
            lambda nets: ([Network([Values(6, 4)], 10)],),
            "entry 0 must be a network that predicts labels; got a Network",
        ),
        (lambda nets: (nets, (IMAGES[:, 1:], LABELS)), r"test data: layer 0 \(SoftmaxLayer\) takes 6 values"),
        (lambda nets: (nets, (IMAGES, LABELS[1:])), "test data: .*; got "),
        (lambda nets: (nets, (IMAGES, LABELS + 1)), r"test data: labels must lie in 0\.\.3"),
    ],
)
def test_what_does_not_fit_is_refused(nets, wrong, message):
    with pytest.raises(ValueError, match=f"^ensemble: {message}") as raised:
        ensemble(*wrong(nets))
    assert re.match(r"^.+: .*(expected|must|takes|needs|has).*; got .+\. \S.*\.$", str(raised.value))


def test_networks_may_be_any_iterable(nets, capsys):
    assert ensemble(iter(nets[:3]), (IMAGES, LABELS)) == ensemble(tuple(nets[:3]), (IMAGES, LABELS))


def test_test_data_may_be_shared_variables(capsys):
    net = Network([SoftmaxLayer(784, 10)], 10)
    test_data = network3.load_data_shared()[2]
    assert len(ensemble([net], test_data)[0]) == 9_020
