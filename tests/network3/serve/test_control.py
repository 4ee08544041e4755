"""What steers a training: rates that are not set are those of the training, and functions are called once."""

import threading
import time

import pytest

from network3.serve.control import Control, StopTrainingError


def test_rates_that_are_not_set_are_those_of_the_schedule():
    control = Control(time.perf_counter)
    assert control.adjust(0.3, 0.1) == (0.3, 0.1)
    control.lmbda = 0.0
    assert control.adjust(0.2, 0.1) == (0.2, 0.0)
    control.eta = 0.5
    assert control.adjust(0.1, 0.1) == control.rates == (0.5, 0.0)


def test_a_pause_is_counted_and_a_function_is_called_in_it():
    control, called = Control(time.perf_counter), []
    control.pause()
    thread = threading.Thread(target=control.before_chunk, args=[None])
    thread.start()
    assert control.between_chunks(lambda: called.append(threading.current_thread()) or 7) == 7
    time.sleep(0.05)
    control.resume()
    thread.join(30)
    assert called == [thread]
    assert control.waited >= 0.05


def test_a_stop_ends_a_pause():
    control, raised = Control(time.perf_counter), []
    control.pause()

    def train():
        with pytest.raises(StopTrainingError):
            control.before_chunk(None)
        raised.append(True)

    thread = threading.Thread(target=train)
    thread.start()
    control.stop()
    thread.join(30)
    assert raised == [True]


def test_functions_of_many_threads_are_each_called_once_while_a_training_ends():
    control, called = Control(time.perf_counter), []
    threads = [threading.Thread(target=lambda k=k: called.append(control.between_chunks(lambda: k))) for k in range(50)]
    for k, thread in enumerate(threads):
        thread.start()
        if k == 20:
            control.before_chunk(None)
        if k == 30:
            control.close()
    for thread in threads:
        thread.join(30)
    assert sorted(called) == list(range(50))
