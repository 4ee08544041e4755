"""``network3 train NAME``: train one of the book's networks, with progress, and save everything about it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from network3.ensembles.voting import ensemble
from network3.execution.device import floatX, use
from network3.execution.devices import select_devices
from network3.execution.distributed import asked_to_join, first_process, join_processes
from network3.experiments.catalogue import MEASUREMENTS, RUNS, Run, known_name
from network3.experiments.experiment import Experiment, prepare
from network3.experiments.folder import Folder
from network3.experiments.own_data import DataSets, OwnData, read_own_data
from network3.experiments.run_plots import save_run_plots
from network3.layers.checks import error_message
from network3.network import Network
from network3.training.confusion import class_accuracy, confusion_matrix
from network3.training.signals import TERMINATED, TrainingInterrupted, TrainingTerminated

from .border import INTERRUPTED, border, leave, program
from .folders import latest_folder, new_folder, writable
from .training_progress import TrainingReporter, training_reporter


def train(
    name: Annotated[str, typer.Argument(help="Which run; `network3 list` shows them.")],
    epochs: Annotated[int | None, typer.Option(help="Passes over the training data; by default the book's.")] = None,
    eta: Annotated[float | None, typer.Option(help="Learning rate; by default the book's.")] = None,
    lmbda: Annotated[float | None, typer.Option(help="L2 regularization; by default the book's.")] = None,
    mini_batch_size: Annotated[int | None, typer.Option(help="Images per step; by default the book's 10.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Your own data instead of MNIST: a folder of IDX files, or of images by class, a table, an .npz, or "
            "the book's pickle."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the initial weights and masks; 0 by default.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or gpu.")] = None,
    devices: Annotated[int | None, typer.Option(help="How many devices share each mini-batch; needs JAX.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the run; network3-runs/NAME by default.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line, for each epoch and the result.")
    ] = False,
) -> None:
    """Train one of the book's networks on MNIST or your own data, and save it with its record and plots."""
    with border():
        run = training_named(name, "network3 train")
        if asked_to_join():
            join_processes()
        use(device, backend=None if devices is None else "jax")
        arguments = {"epochs": epochs, "eta": eta, "lmbda": lmbda, "mini_batch_size": mini_batch_size}
        given = {key: value for key, value in arguments.items() if value is not None}
        select_devices(devices, int(given.get("mini_batch_size", run.training["mini_batch_size"])), floatX())
        own_data = None if data is None else read_own_data(data, run)
        folder = out if out is not None else latest_folder(name) if resume else new_folder(name)
        try:
            with writable(folder) as own:
                experiments = _prepare(run, own, given, seed, resume, own_data)
                reporter = training_reporter(quiet=quiet or not first_process(), as_json=as_json)
                nets, sets = _train_all(run, experiments, reporter, devices)
                if run.nets > 1:
                    _vote(nets, sets, run, reporter)
        except (TrainingInterrupted, TrainingTerminated) as stop:
            option = "" if out is None else f' --out "{out}"' if " " in str(out) else f" --out {out}"
            saved = f"stopped in epoch {stop.history.epochs}; everything so far is in {folder}"
            raise leave(
                f"{saved}. Go on with: {program()} train {name} --resume{option}",
                INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TERMINATED,
            ) from None


def training_named(name: str, command: str) -> Run:
    """Return the training of that name; the error for a measurement names the command for it."""
    if name in MEASUREMENTS:
        hint = f"Write {program()} reproduce {name}."
        raise ValueError(error_message(command, "expected a network to train", f"{name}, which is none", hint))
    return RUNS[known_name(command, name, RUNS)]


def _prepare(
    run: Run, folder: Path, given: dict[str, Any], seed: int | None, resume: bool, data: OwnData | None
) -> list[Experiment]:
    """Return one experiment in `folder`, or one for each network of an ensemble, in folders inside it."""
    (member, _), *others = _members(run)
    if not others:
        return [prepare(member, folder, given, seed, resume=resume, own=data)]
    first = prepare(member, folder / "net1", given, seed, resume=resume, own=data)
    changed = {key: value for key, value in first.training.items() if member.training.get(key) != value}
    experiments = [first]
    for k, (member, number) in enumerate(others, start=2):
        path = folder / f"net{k}"
        begun = resume and Folder(path).settings.exists()
        settings = given if begun else changed
        experiments.append(prepare(member, path, settings, first.seed + number, resume=begun, own=first.own))
    return experiments


def _members(run: Run) -> list[tuple[Run, int]]:
    """Return the run of each network, which for a vote of several runs is one of these, and its number there."""
    if len(run.voters_of) < 2:
        return [(run, number) for number in range(run.nets)]
    return [(RUNS[name], number) for name, number in map(run.voter, range(run.nets))]


def _train_all(
    run: Run, experiments: list[Experiment], reporter: TrainingReporter, devices: int | None
) -> tuple[list[Network], DataSets]:
    """Train one network after the other; return them and the data."""
    nets = []
    reporter.output.line(f"{run.name} (row {run.row}): {run.description}")
    data = experiments[0].load()
    book = run.result.value if run.result.unit == "accuracy" and experiments[0].own is None else None
    for k, experiment in enumerate(experiments):
        if len(experiments) > 1:
            reporter.output.line(f"network {k + 1} of {len(experiments)}, seed {experiment.seed}")
        net = experiment.build()
        reporter.begin(experiment, net, images=len(data[0][0]))
        with reporter:
            history = experiment.train(net, data, [reporter], devices, verbose=reporter.output.shows_prints)
        predictions = net.predict(data[2][0])
        names = class_names(experiment)
        plots = save_run_plots(experiment.folder.path, net, history, data[2], predictions, book, names)
        accuracies = class_accuracy(confusion_matrix(data[2][1], predictions, len(names)))
        files = [*experiment.folder.names(), *plots]
        reporter.end(experiment, history, files, dict(zip(names, accuracies.tolist(), strict=True)))
        nets.append(net)
    return nets, data


def class_names(experiment: Experiment) -> Sequence[str]:
    """Return the names of the classes, by default their numbers."""
    own = experiment.own
    return [str(k) for k in range(10)] if own is None else own.class_names or [str(k) for k in range(own.classes)]


def _vote(nets: list[Network], data: DataSets, run: Run, reporter: TrainingReporter) -> None:
    """Let the networks vote, and report their accuracy together."""
    test = data[2]
    errors, _ = ensemble(nets, test, verbose=reporter.output.shows_prints)
    accuracy = 1 - len(errors) / len(test[1])
    record = {"ensemble": run.name, "test_accuracy": accuracy}
    reporter.output.result(record, f"Together: {accuracy:.2%} of the test images.")
