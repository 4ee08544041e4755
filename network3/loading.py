"""A network from the file that it was saved to."""

from network3.layers.precision import building

from .files import read
from .network import Network


def load(filename, layers=None) -> Network:
    """Read a network that `Network.save` wrote.

    Parameters
    ----------
    filename : path
    layers : list of layers, optional
        For a network with layers or activations of your own, which a file cannot hold: build them as before, and
        they are given the file's parameters.

    Returns
    -------
    Network
        Of the type it was saved with.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Not a file of ours, of a newer format, or one whose parameters do not fit `layers`.
    """
    saved = read(filename, layers)
    with building(saved.floatX):
        net = Network(saved.layers, saved.mini_batch_size)
    net.set_weights(saved.weights)
    return net
