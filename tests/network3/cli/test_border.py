"""Every error is one line and an exit code."""

import subprocess
import sys

import pytest
import typer

from network3.cli.border import border


def code_of(error, capsys):
    with pytest.raises(typer.Exit) as caught, border():
        raise error
    return caught.value.exit_code, capsys.readouterr().err


def test_an_expected_error_is_its_message_in_one_line(capsys):
    assert code_of(ValueError("who: expected\n  this; got that. Hint."), capsys) == (
        1,
        "network3: who: expected this; got that. Hint.\n",
    )


def test_an_unexpected_error_names_the_debugging_option(capsys):
    code, line = code_of(ZeroDivisionError("division by zero"), capsys)
    assert (code, line.count("\n")) == (1, 1)
    assert "unexpected ZeroDivisionError: division by zero. Please report it; NETWORK3_DEBUG=1 shows" in line


def test_ctrl_c_has_the_usual_code(capsys):
    assert code_of(KeyboardInterrupt(), capsys) == (130, "network3: interrupted.\n")


def test_debugging_raises_errors(monkeypatch):
    monkeypatch.setenv("NETWORK3_DEBUG", "1")
    with pytest.raises(ZeroDivisionError), border():
        raise ZeroDivisionError


def in_a_process(*arguments, **options):
    return subprocess.Popen([sys.executable, "-m", "network3", *arguments], stderr=subprocess.PIPE, **options)


def test_output_that_is_closed_early_is_not_an_error():
    process = in_a_process("list", "--json", stdout=subprocess.PIPE)
    process.stdout.close()
    _, errors = process.communicate()
    assert (process.returncode, errors) == (141, b"")


def test_without_arguments_the_help_is_shown():
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
def test_wrong_usage_is_one_line_too(arguments, message):
    _, errors = (process := in_a_process(*arguments, stdout=subprocess.PIPE)).communicate()
    assert process.returncode == 2
    assert errors.decode().startswith(f"network3: {message}")
    assert errors.count(b"\n") == 1


def test_success_has_exit_code_0():
    process = in_a_process("list", stdout=subprocess.DEVNULL)
    assert process.communicate()[1] == b""
    assert process.returncode == 0


def test_a_refusal_has_exit_code_1():
    process = in_a_process("train", "shalow", stdout=subprocess.PIPE)
    assert process.communicate()[1].startswith(b"network3: network3 train: expected a name that ")
    assert process.returncode == 1
