"""scikit-learn's own checks of estimators, all of them."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from network3.optim import Momentum
from network3.sklearn import NetworkClassifier, NetworkRegressor

# What takes time is to compile about 200 networks: these have a single layer.
SMALLEST = [
    NetworkClassifier(layers=(), epochs=50, mini_batch_size=10, eta=0.1, rule=Momentum(0.5)),
    NetworkRegressor(layers=(), epochs=50, eta=0.05),
]


# Some checks train on values far from 0, of which a network warns.
@pytest.mark.filterwarnings("ignore::network3.TrainingWarning")
@parametrize_with_checks(SMALLEST)
def test_checks_of_the_smallest_networks(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::network3.TrainingWarning")
@parametrize_with_checks([NetworkClassifier(), NetworkRegressor()])
def test_checks_of_the_defaults(estimator, check):
    check(estimator)
