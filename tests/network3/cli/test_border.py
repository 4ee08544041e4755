"""Whatever goes wrong is one line and an exit code."""

import subprocess
import sys

import pytest
import typer

from network3.cli.border import border


def code_of(error, capsys):
    with pytest.raises(typer.Exit) as caught, border():
        raise error
    return caught.value.exit_code, capsys.readouterr().err


def test_an_error_that_was_foreseen_is_its_message_on_one_line(capsys):
    assert code_of(ValueError("who: expected\n  this; got that. Mend."), capsys) == (
        1,
        "network3: who: expected this; got that. Mend.\n",
    )


def test_one_that_was_not_says_how_to_see_more(capsys):
    code, line = code_of(ZeroDivisionError("division by zero"), capsys)
    assert (code, line.count("\n")) == (1, 1)
    assert "unexpected ZeroDivisionError: division by zero. Please report it; NETWORK3_DEBUG=1 shows" in line


def test_ctrl_c_has_the_usual_code(capsys):
    assert code_of(KeyboardInterrupt(), capsys) == (130, "network3: interrupted.\n")


def test_debugging_lets_errors_through(monkeypatch):
    monkeypatch.setenv("NETWORK3_DEBUG", "1")
    with pytest.raises(ZeroDivisionError), border():
        raise ZeroDivisionError


def in_a_process(*arguments, **options):
    return subprocess.Popen([sys.executable, "-m", "network3", *arguments], stderr=subprocess.PIPE, **options)


def test_output_that_is_closed_early_is_no_error():
    process = in_a_process("list", "--json", stdout=subprocess.PIPE)
    process.stdout.close()
    _, errors = process.communicate()
    assert (process.returncode, errors) == (141, b"")


def test_nothing_to_do_shows_the_help():
    process = in_a_process(stdout=subprocess.PIPE)
    output, errors = process.communicate()
    assert b"predict" in output + errors
    assert process.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "No such command 'trian'. Did you mean 'train'?"),
        (["train", "shallow", "--epoch", "3"], "No such option: --epoch"),
        (["train", "shallow", "--epochs", "many"], "Invalid value for '--epochs'"),
        (["predict", "model"], "Missing argument"),
    ],
)
def test_a_wrong_use_is_one_line_too(arguments, message):
    _, errors = (process := in_a_process(*arguments, stdout=subprocess.PIPE)).communicate()
    assert process.returncode == 2
    assert errors.decode().startswith(f"network3: {message}")
    assert errors.count(b"\n") == 1


def test_what_goes_well_ends_with_0():
    process = in_a_process("list", stdout=subprocess.DEVNULL)
    assert process.communicate()[1] == b""
    assert process.returncode == 0


def test_a_refusal_ends_with_1():
    process = in_a_process("train", "shalow", stdout=subprocess.PIPE)
    assert process.communicate()[1].startswith(b"network3: network3 train: expected a name that ")
    assert process.returncode == 1
