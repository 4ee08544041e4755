"""``network3.onnx.load_weights``: the weights of an ONNX file for a network of the same layers."""

import os

import onnx

from network3.exchange import assign
from network3.graph import NetworkLike
from network3.layer_protocol import check_network
from network3.layers.calls import keywords_checked
from network3.layers.checks import error_message, file_path

from .read import read_chain

WHO = "onnx.load_weights"


@keywords_checked("onnx.load_weights")
def load_weights(net: NetworkLike, path: str | os.PathLike[str]) -> None:
    """Set the weights of `net` to those of an ONNX file with the same layers.

    The file may be one of `export`, or of another program. Its layers must be in one row; pooling and activation may
    be in the other order where this makes no difference, dropout may be left out, and so may a softmax at the end.

    Parameters
    ----------
    net : Network
        Of network3's layers; they decide what is expected.
    path : path

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Not an ONNX file, or one of other layers; the first difference is named, and nothing is changed.

    Examples
    --------
    >>> import network3
    >>> from network3 import FullyConnectedLayer, SoftmaxLayer
    >>> one, two = (
    ...     network3.Network([FullyConnectedLayer(n_in=784, n_out=30), SoftmaxLayer(n_in=30, n_out=10)], 10)
    ...     for _ in range(2)
    ... )
    >>> network3.onnx.export(one, "net.onnx")
    >>> load_weights(two, "net.onnx")
    >>> all((a == b).all() for a, b in zip(one.get_weights(), two.get_weights()))
    True
    """
    check_network(WHO, net)
    file = file_path(f"{WHO}: path", path)
    expected = "expected an ONNX file"
    if not file.is_file():
        raise FileNotFoundError(error_message(WHO, expected, f"{file}, which does not exist", "Check the path."))
    try:
        model = onnx.load(file)
        onnx.checker.check_model(model)
        operations = read_chain(f"{WHO}: {file}", model)
    except Exception as error:  # also of the parser, which is written in C++
        if "; got " in str(error):  # a more precise error of `read_chain`
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        hint = "Write it again, with the program that made it."
        raise ValueError(error_message(f"{WHO}: {file}", expected, reason, hint)) from None
    assign(WHO, net, operations, str(file))
