"""``network3 train NAME``: train one of the book's networks, watch it, and keep all of it."""

from pathlib import Path
from typing import Annotated

import typer

import network3
from network3.ensembles.voting import ensemble
from network3.execution.device import floatX
from network3.execution.devices import select_devices
from network3.execution.distributed import asked_to_join, first_process
from network3.experiments.catalogue import MEASUREMENTS, RUNS, Run, known_name
from network3.experiments.experiment import Experiment, Folder, load, prepare
from network3.experiments.run_plots import save_pictures
from network3.layers.checks import error_message
from network3.training.signals import TERMINATED

from .border import INTERRUPTED, border, leave, program
from .folders import latest_folder, new_folder, writable
from .reporters import Reporter, choose_reporter


def train(
    name: Annotated[str, typer.Argument(help="Which run; `network3 list` shows them.")],
    epochs: Annotated[int | None, typer.Option(help="Passes over the training data; by default the book's.")] = None,
    eta: Annotated[float | None, typer.Option(help="Learning rate; by default the book's.")] = None,
    lmbda: Annotated[float | None, typer.Option(help="L2 regularization; by default the book's.")] = None,
    mini_batch_size: Annotated[int | None, typer.Option(help="Images a step; by default the book's 10.")] = None,
    seed: Annotated[int | None, typer.Option(help="Fixes first weights and masks; 0 by default.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or gpu.")] = None,
    devices: Annotated[int | None, typer.Option(help="How many share out each mini-batch; needs JAX.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the run; network3-runs/NAME by default.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, for each epoch and the end.")
    ] = False,
) -> None:
    """Train one of the book's networks on MNIST, and save it with its record and pictures."""
    with border():
        run = training_named(name, "network3 train")
        if asked_to_join():
            network3.join_processes()
        network3.use(device, backend=None if devices is None else "jax")
        arguments = {"epochs": epochs, "eta": eta, "lmbda": lmbda, "mini_batch_size": mini_batch_size}
        given = {key: value for key, value in arguments.items() if value is not None}
        select_devices(devices, given.get("mini_batch_size", run.training["mini_batch_size"]), floatX())
        folder = out if out is not None else latest_folder(name) if resume else new_folder(name)
        try:
            with writable(folder) as own:
                experiments = _prepare(run, own, given, seed, resume)
                reporter = choose_reporter(quiet=quiet or not first_process(), as_json=as_json)
                nets, data = _train_all(experiments, reporter, devices)
                if run.nets > 1:
                    _vote(nets, data[2], run, reporter)
        except (network3.TrainingInterrupted, network3.TrainingTerminated) as stop:
            where = "" if out is None else f' --out "{out}"' if " " in str(out) else f" --out {out}"
            saved = f"stopped in epoch {stop.history.epochs}; everything so far is in {folder}"
            raise leave(
                f"{saved}. Go on with: {program()} train {name} --resume{where}",
                INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TERMINATED,
            ) from None


def training_named(name: str, command: str) -> Run:
    """Return the training of that name; say what to do with one that is none."""
    if name in MEASUREMENTS:
        hint = f"Write {program()} reproduce {name}."
        raise ValueError(error_message(command, "expected a network to train", f"{name}, which is none", hint))
    return RUNS[known_name(command, name, RUNS)]


def _prepare(run: Run, folder: Path, given, seed: int | None, resume: bool) -> list[Experiment]:
    """Return one experiment in `folder`, or one a network of an ensemble in folders within."""
    if run.nets == 1:
        return [prepare(run, folder, given, seed, resume=resume)]
    first = prepare(run, folder / "net1", given, seed, resume=resume)
    experiments = [first]
    for k in range(1, run.nets):
        path = folder / f"net{k + 1}"
        begun = resume and Folder(path).settings.exists()
        experiments.append(prepare(run, path, given if begun else first.training, first.seed + k, resume=begun))
    return experiments


def _train_all(experiments: list[Experiment], reporter: Reporter, devices: int | None):
    """Train one after the other; return the networks and the data."""
    nets, run = [], experiments[0].run
    reporter.say(f"{run.name} (row {run.row}): {run.says}")
    data = load(run)
    for k, experiment in enumerate(experiments):
        if len(experiments) > 1:
            reporter.say(f"network {k + 1} of {len(experiments)}, seed {experiment.seed}")
        net = experiment.build()
        reporter.begin(experiment, net, images=len(data[0][0]))
        with reporter:
            history = experiment.train(net, data, [reporter], devices)
        pictures = save_pictures(experiment.folder.path, net, history, data[2], published=_book(run))
        reporter.end(experiment, history, [*experiment.folder.names(), *pictures])
        nets.append(net)
    return nets, data


def _book(run: Run) -> float | None:
    """Return the accuracy to draw beside the curves."""
    figure = run.result
    return figure.value if figure.is_accuracy else None


def _vote(nets, test_data, run: Run, reporter: Reporter) -> None:
    """Let the networks vote, and say how they do together."""
    with reporter:  # which may hide the line that it prints
        errors, _ = ensemble(nets, test_data)
    accuracy = 1 - len(errors) / len(test_data[1])
    reporter.result({"ensemble": run.name, "test_accuracy": accuracy}, f"Together: {accuracy:.2%} of the test images.")
