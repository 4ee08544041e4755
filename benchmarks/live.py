"""What `network3 serve` costs a training: epochs with a page that follows, beside epochs without a server.

``python -m benchmarks.live`` trains the book's two-convolution network (row 6.7) by turns, and prints the ratio of the
times of an epoch. Of each training the first epoch, which compiles, is left out.
"""

import argparse
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from network3 import Network
from network3.datasets import load_mnist
from network3.experiments.catalogue import RUNS
from network3.serve.application import application
from network3.serve.commands import Commands
from network3.serve.events import EventLog
from network3.serve.plans import Catalogue, plan_run
from network3.serve.server import HOST, listening, server_of
from network3.serve.session import ACTIVE, Session

RUN, TOKEN = "dbl_conv_relu", "benchmark"
FOLLOW = "import sys, urllib.request\nfor line in urllib.request.urlopen(sys.argv[1]): pass"


def live(epochs: int) -> list[float]:
    """Train in a server of its own, whose events another process reads, and return the seconds of each epoch."""
    catalogue = Catalogue({RUN: RUNS[RUN]}, lambda run: load_mnist())
    session = Session(EventLog())
    with TemporaryDirectory() as folder, listening(0) as listener:
        server = server_of(application(session, Commands(session, catalogue, Path(folder)), TOKEN), session)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        address = f"http://{HOST}:{listener.getsockname()[1]}/{TOKEN}/events"
        page = subprocess.Popen([sys.executable, "-c", FOLLOW, address])
        session.start(plan_run(catalogue, RUN, {"epochs": epochs}))
        while session.status in ACTIVE:
            time.sleep(0.5)
        server.should_exit = True
        thread.join()
        page.kill()
        page.wait()
    if session.history is None or session.history.epochs < epochs:
        raise RuntimeError(f"the training {session.status}: {session.message}")
    return session.history.seconds


def alone(epochs: int) -> list[float]:
    """Train without a server, and return the seconds of each epoch."""
    run = RUNS[RUN]
    np.random.seed(0)
    size = run.training["mini_batch_size"]
    training, validation, test = load_mnist()
    settings = run.training | {"epochs": epochs, "validation_data": validation, "test_data": test}
    return Network(run.layers(size), size).SGD(training, **settings, verbose=False).seconds


def main(argv: list[str] | None = None) -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="trainings of each kind, by turns (5)")
    parser.add_argument("--epochs", type=int, default=6, help="epochs of each training, from 2 (6)")
    options = parser.parse_args(argv)
    ratios = []
    for number in range(options.rounds):
        kinds = (live, alone) if number % 2 else (alone, live)
        seconds = {kind: statistics.median(kind(options.epochs)[1:]) for kind in kinds}
        ratios.append(seconds[live] / seconds[alone])
        print(f"an epoch: alone {seconds[alone]:.2f} s, live {seconds[live]:.2f} s, ratio {ratios[-1]:.3f}", flush=True)
    print(f"{RUN}, median of {options.rounds}: live training takes {statistics.median(ratios):.3f} of the time alone")


if __name__ == "__main__":
    main()
