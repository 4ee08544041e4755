"""The validation part of a training set: its last sixth, as in the book's split of MNIST."""

from typing import Any

from numpy.typing import NDArray

Pair = tuple[NDArray[Any], NDArray[Any]]

FRACTION = 6  # one example in six


def split_validation(name: str, pair: Pair) -> tuple[Pair, Pair]:
    r"""Split a training set into a training and a validation part.

    .. math:: n_{validation} = \lfloor n / 6 \rfloor

    Parameters
    ----------
    name : str
        Name of the set, for error messages.
    pair : (images, labels)
        Arrays of shape (n, ...) each.

    Returns
    -------
    training, validation : (images, labels) each
        Views: the first n - n // 6 rows and the last n // 6.

    Raises
    ------
    ValueError
        Fewer than 6 examples.
    """
    images, labels = pair
    if len(images) < FRACTION:
        raise ValueError(
            f"{name}: expected at least {FRACTION} examples, since the last sixth becomes the validation set; got "
            f"{len(images)}. Provide more, or a separate validation set (x_validation, y_validation in an .npz)."
        )
    cut = len(images) - len(images) // FRACTION
    return (images[:cut], labels[:cut]), (images[cut:], labels[cut:])
