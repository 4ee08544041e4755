"""The estimators among scikit-learn's tools: what they learn, and what their parameters do."""

import pickle
import subprocess
import sys
from importlib import metadata

import joblib
import numpy as np
import pandas
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from network3 import ConvPoolLayer, ReLU, SoftmaxLayer
from network3.layers import precision
from network3.optim import Momentum, NoImprovementIn, gradient_descent
from network3.sklearn import NetworkClassifier, NetworkRegressor, requirement

IRIS = load_iris()
X = StandardScaler().fit_transform(IRIS.data).astype("float32")
NAMES = IRIS.target_names[IRIS.target]
SMALL = {"layers": (8,), "epochs": 20, "mini_batch_size": 10, "eta": 0.03, "random_state": 1}


def convolution(n_in, n_out):
    """Return the layers of a convolutional network for square images; searches import it by its name."""
    side = round(n_in**0.5)
    conv = ConvPoolLayer(image_shape=(10, 1, side, side), filter_shape=(6, 1, 3, 3), activation_fn=ReLU)
    return [conv, SoftmaxLayer(n_in=6 * ((side - 2) // 2) ** 2, n_out=n_out)]


def weights_of(estimator):
    return np.concatenate([w.ravel() for w in estimator.network_.get_weights()])


@pytest.fixture(scope="module")
def settings_of_the_module():
    """Leave `fitted` to the defaults, as each test starts with them."""
    assert precision._chosen is None


@pytest.fixture(scope="module")
def fitted(settings_of_the_module):
    return NetworkClassifier(**SMALL).fit(X, NAMES)


def test_the_defaults_learn_iris_and_return_its_names():
    model = make_pipeline(StandardScaler(), NetworkClassifier(random_state=0))
    scores = cross_val_score(model, IRIS.data, NAMES, cv=3)
    assert scores.mean() > 0.93
    model.fit(IRIS.data, NAMES)
    assert set(model.predict(IRIS.data)) == {"setosa", "versicolor", "virginica"}
    assert list(model[-1].classes_) == ["setosa", "versicolor", "virginica"]
    assert model[-1].n_iter_ == 100


def test_a_grid_search_in_two_processes_chooses_the_rate_that_learns():
    search = GridSearchCV(NetworkClassifier(**SMALL), {"eta": [1e-6, 0.03]}, n_jobs=2, cv=2)
    search.fit(X, NAMES)
    assert search.best_params_ == {"eta": 0.03}
    assert search.score(X, NAMES) > 0.93


@pytest.mark.parametrize("module", [pickle, joblib], ids=["pickle", "joblib"])
def test_a_fitted_estimator_is_stored(fitted, module, tmp_path):
    path = tmp_path / "model"
    if module is pickle:
        path.write_bytes(pickle.dumps(fitted))
        again = pickle.loads(path.read_bytes())
    else:
        joblib.dump(fitted, path)
        again = joblib.load(path)
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))


def test_a_clone_has_the_parameters_and_nothing_learned(fitted):
    copy = clone(NetworkClassifier(rule=Momentum(0.9), layers=convolution))
    assert (copy.rule, copy.layers) == (Momentum(0.9), convolution)
    assert not hasattr(clone(fitted), "network_")


def test_random_state_decides_everything_and_leaves_the_global_generator_alone(fitted):
    np.random.seed(7)
    before = np.random.get_state()[1].copy()
    again = NetworkClassifier(**SMALL).fit(X, NAMES)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    np.testing.assert_array_equal(weights_of(again), weights_of(fitted))
    other = clone(again).set_params(random_state=2).fit(X, NAMES)
    assert not np.array_equal(weights_of(other), weights_of(fitted))


def test_without_random_state_the_global_generator_decides():
    nets = []
    for _ in range(2):
        np.random.seed(5)
        nets.append(NetworkClassifier(**SMALL | {"random_state": None, "epochs": 1}).fit(X, NAMES))
    np.testing.assert_array_equal(*map(weights_of, nets))


def test_layers_may_be_a_function_of_the_sizes():
    digits = load_digits()
    model = NetworkClassifier(convolution, epochs=3, mini_batch_size=10, random_state=0)
    model.fit(digits.data[:1000] / 16, digits.target[:1000])
    assert isinstance(model.network_.layers[0], ConvPoolLayer)
    assert model.score(digits.data[1000:] / 16, digits.target[1000:]) > 0.8


def test_without_hidden_layers_it_is_a_softmax_regression():
    model = NetworkClassifier(layers=(), epochs=100, random_state=0).fit(X, NAMES)
    assert [type(layer) for layer in model.network_.layers] == [SoftmaxLayer]
    assert model.score(X, NAMES) > 0.9


def test_a_warm_start_continues_with_the_same_network():
    model = NetworkClassifier(**SMALL | {"warm_start": True, "epochs": 2}).fit(X, NAMES)
    net, before = model.network_, weights_of(model)
    model.set_params(eta=0.0).fit(X, NAMES)
    assert model.network_ is net
    np.testing.assert_array_equal(weights_of(model), before)
    assert model.n_iter_ == 4
    assert model.set_params(warm_start=False, epochs=1).fit(X, NAMES).n_iter_ == 1


def test_partial_fit_is_one_epoch_and_needs_all_classes_in_its_first_call():
    model = NetworkClassifier(**SMALL)
    model.partial_fit(X[:60], NAMES[:60], classes=np.unique(NAMES))
    for _ in range(20):
        model.partial_fit(X, NAMES)
    assert model.n_iter_ == 21
    assert model.score(X, NAMES) > 0.9
    with pytest.raises(ValueError, match=r"among the 2 classes of the first call; got 'virginica'"):
        NetworkClassifier(**SMALL).partial_fit(X[:60], NAMES[:60]).partial_fit(X, NAMES)


def test_partial_fit_refuses_balanced_weights():
    with pytest.raises(ValueError, match=r'class_weight: expected weights in a dict.*"balanced"'):
        NetworkClassifier(class_weight="balanced").partial_fit(X, NAMES)


def test_balanced_weights_are_those_of_the_shares_and_favour_the_rare_class():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [180, 20])
    x = rng.normal(size=(200, 2)) + labels[:, None]
    plain = NetworkClassifier(**SMALL).fit(x, labels)
    balanced = NetworkClassifier(**SMALL, class_weight="balanced").fit(x, labels)
    given = NetworkClassifier(**SMALL, class_weight={0: 200 / (2 * 180), 1: 200 / (2 * 20)}).fit(x, labels)
    np.testing.assert_array_equal(weights_of(balanced), weights_of(given))
    recall = [model.predict(x)[labels == 1].mean() for model in (plain, balanced)]
    assert recall[1] > recall[0] + 0.2


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_a_validation_part_is_held_out_and_the_best_epoch_kept(kind):
    y = NAMES if kind is NetworkClassifier else IRIS.data[:, 0] - 6
    model = kind(**SMALL, validation_fraction=0.2, stopping=NoImprovementIn(3)).fit(X, y)
    values = getattr(model.history_, f"validation_{model.history_.measure}")
    assert len(values) == model.history_.epochs == model.n_iter_
    assert model.history_.batches == 12  # of 120 examples
    np.testing.assert_array_equal(weights_of(model), np.concatenate([w.ravel() for w in model.network_.best]))


def test_stopping_by_validation_data_needs_some():
    with pytest.raises(ValueError, match="needs validation_data"):
        NetworkClassifier(**SMALL, stopping=NoImprovementIn(3)).fit(X, NAMES)


def test_names_of_features_are_those_of_a_data_frame():
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    model = NetworkClassifier(**SMALL).fit(frame, NAMES)
    assert list(model.feature_names_in_) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("columns", [None, 1, 2])
def test_a_regressor_predicts_in_the_shape_that_it_learned(columns):
    y = X[:, 0] * X[:, 1] if columns is None else X[:, :columns] * X[:, 1:2]
    model = NetworkRegressor(**SMALL | {"epochs": 100}).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.8
    assert model.n_outputs_ == (columns or 1)


def test_a_regressor_refuses_another_number_of_values_later():
    model = NetworkRegressor(**SMALL).partial_fit(X, X[:, :2])
    with pytest.raises(ValueError, match=r"expected 2 outputs, as in the first call; got 3"):
        model.partial_fit(X, X[:, :3])


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"layers": 5}, TypeError, r"NetworkClassifier: layers: expected a function .* got 5"),
        ({"layers": "relu"}, TypeError, r"layers: expected a function .* got 'relu'"),
        ({"layers": (5, 0)}, ValueError, r"layers: expected 2 whole numbers"),
        ({"layers": lambda n: []}, TypeError, "NetworkClassifier: layers"),
        ({"mini_batch_size": 0}, ValueError, "mini_batch_size: expected a whole number"),
        ({"epochs": -1}, ValueError, "epochs: expected a whole number"),
        ({"validation_fraction": 1.0}, ValueError, "validation_fraction: expected a finite number, .* below 1"),
        ({"rule": "adam"}, TypeError, "SGD: rule"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_by_fit(parameters, error, words):
    model = NetworkClassifier(**parameters)
    with pytest.raises(error, match=words):
        model.fit(X, NAMES)


@pytest.mark.parametrize("found", [None, "1.5.2"])
def test_scikit_learn_must_be_there_and_new_enough(monkeypatch, found):
    def version(name):
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(requirement.metadata, "version", version)
    got = found or "none"
    with pytest.raises(ImportError, match=rf"expected scikit-learn 1\.6 or later; got {got}\. Install it: pip install"):
        requirement.check_version()


def test_network3_alone_does_not_load_scikit_learn():
    code = "import sys, network3; print('sklearn' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_gradient_descent_is_a_rule_like_others():
    model = NetworkClassifier(**SMALL | {"rule": gradient_descent, "eta": 0.3}).fit(X, NAMES)
    assert model.score(X, NAMES) > 0.9
