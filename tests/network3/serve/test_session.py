"""A training in a thread: started, paused, changed, stopped and begun again, and what it publishes."""

import threading

import numpy as np
import pytest

from network3 import FullyConnectedLayer, Network, SoftmaxLayer
from network3.serve.plans import plan_composed, plan_run, plan_saved
from network3.serve.session import Session, StateError

ENDLESS = {"epochs": 1000}


def steps(session):
    return [event.number for event in session.log.after(0) if event.kind == "cost"]


def test_a_run_trains_as_sgd_does(session, catalogue, waits):
    session.start(plan_run(catalogue, "small", {"seed": 3}))
    waits("state", lambda state: state["status"] == "finished")
    np.random.seed(3)
    expected = Network([FullyConnectedLayer(784, 12), SoftmaxLayer(12, 10)], 10)
    training, validation, _ = catalogue.load(None)
    history = expected.SGD(training, 3, 10, 0.5, validation, lmbda=0.1, verbose=False)
    for one, two in zip(expected.get_weights(), session.net.get_weights(), strict=True):
        np.testing.assert_array_equal(two, one)
    assert session.history.validation_accuracy == history.validation_accuracy
    assert session.facts() == {"epochs": "3", "validation accuracy": f"{history.validation_accuracy[-1]:.2%}"}


def test_it_publishes_costs_epochs_and_looks(session, catalogue, waits):
    session.start(plan_run(catalogue, "small"))
    before = waits("look")
    assert (before["step"], before["layers"]) == (0, [0, 1])
    assert waits("epoch", lambda row: row["epoch"] == 2)["step"] == 120
    cost = waits("cost", lambda cost: cost["step"] == 120)
    assert (cost["eta"], cost["lmbda"], cost["batch"], cost["batches"]) == (0.5, 0.1, 40, 40)
    assert cost["speed"] > 0
    after = waits("look", lambda look: look["step"] == 120)
    assert after["accuracy"] > before["accuracy"]
    assert len(after["norms"]) == 2


def test_errors_are_the_misclassified_images_the_surest_first(session, catalogue, waits):
    session.start(plan_run(catalogue, "small", {"epochs": 1, "eta": 0.01}))
    waits("state", lambda state: state["status"] == "finished")
    _, (images, labels), _ = catalogue.load(None)
    probabilities = session.net.predict_proba(images)
    errors = session.errors
    assert errors
    assert [e["probability"] for e in errors] == sorted((e["probability"] for e in errors), reverse=True)
    for error in errors:
        assert labels[error["index"]] == error["label"] != error["prediction"]
        assert probabilities[error["index"]].argmax() == error["prediction"]


def test_a_paused_training_waits_and_a_resumed_one_goes_on(session, catalogue, waits):
    session.start(plan_run(catalogue, "small", ENDLESS))
    waits("cost")
    session.pause()
    session.between_chunks(lambda net: None)  # the chunk under way has ended
    weights, count = session.between_chunks(lambda net: net.get_weights()), len(steps(session))
    for one, two in zip(weights, session.between_chunks(lambda net: net.get_weights()), strict=True):
        np.testing.assert_array_equal(two, one)
    session.resume()
    waits("cost", lambda cost: len(steps(session)) > count + 1)
    session.stop()
    waits("state", lambda state: state["status"] == "stopped")


def test_a_paused_training_can_be_stopped(session, catalogue, waits):
    session.start(plan_run(catalogue, "small", ENDLESS))
    session.pause()
    session.stop()
    waits("state", lambda state: state["status"] == "stopped")


def test_rates_act_from_the_next_chunk_on(session, catalogue, waits):
    session.start(plan_run(catalogue, "small", ENDLESS))
    waits("cost", lambda cost: cost["eta"] == 0.5)
    session.set_rates(eta=0.25)
    waits("cost", lambda cost: (cost["eta"], cost["lmbda"]) == (0.25, 0.1))
    session.set_rates(lmbda=2.0)
    waits("cost", lambda cost: (cost["eta"], cost["lmbda"]) == (0.25, 2.0))
    assert session.state()["settings"]["lmbda"] == 2.0


def test_a_stopped_network_goes_on_from_its_weights(session, catalogue, waits):
    session.start(plan_composed([{"kind": "SoftmaxLayer"}], {"images": 2000, "epochs": 1}))
    waits("state", lambda state: state["status"] == "finished")
    weights = session.net.get_weights()
    session.start(plan_saved(session.net, "again", {"images": 100, "epochs": 1, "eta": 0.0}))
    waits("state", lambda state: (state["status"], state["name"]) == ("finished", "again"))
    for one, two in zip(weights, session.net.get_weights(), strict=True):
        np.testing.assert_array_equal(two, one)


def test_commands_that_do_not_fit_the_state_are_refused(session, catalogue, waits):
    for command in (session.pause, session.resume, session.stop, session.set_rates):
        with pytest.raises(StateError, match=r"serve: expected a training that is .*; got idle\. Start one\."):
            command()
    with pytest.raises(StateError, match="expected a network; got none"):
        session.between_chunks(lambda net: None)
    session.start(plan_run(catalogue, "small", ENDLESS))
    with pytest.raises(StateError, match="expected no training under way; got small, "):
        session.start(plan_run(catalogue, "small"))
    waits("cost")
    with pytest.raises(StateError, match="got running"):
        session.resume()


def test_a_training_that_fails_names_the_reason_and_the_next_one_begins(session, catalogue, waits):
    session.start(plan_run(catalogue, "small", {"eta": 1000.0, "lmbda": 1000.0}))
    failed = waits("state", lambda state: state["status"] == "failed")
    assert failed["message"].startswith("layer ") or "SGD" in failed["message"]
    session.start(plan_run(catalogue, "small"))
    waits("state", lambda state: state["status"] == "finished")


def test_errors_of_functions_between_chunks_are_those_of_the_caller(session, catalogue, waits):
    session.start(plan_run(catalogue, "small", ENDLESS))
    waits("cost")
    with pytest.raises(ZeroDivisionError):
        session.between_chunks(lambda net: 1 / 0)
    name = session.between_chunks(lambda net: threading.current_thread().name)
    assert name == "training"
    session.stop()
    waits("state", lambda state: state["status"] == "stopped")
    assert session.between_chunks(lambda net: threading.current_thread().name) != "training"


def test_closing_ends_the_thread(session, catalogue, waits):
    session.start(plan_run(catalogue, "small", ENDLESS))
    waits("cost")
    session.pause()
    session.close()
    assert "training" not in [thread.name for thread in threading.enumerate()]


def test_a_session_begins_with_a_network(session):
    net = Network([SoftmaxLayer(784, 10)], 10)
    other = Session(session.log, net, "saved")
    assert other.state()["layers"] == [{"kind": "SoftmaxLayer", "shape": [10], "parameters": 7850}]
