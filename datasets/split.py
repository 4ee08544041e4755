"""The validation part of a training set: its last sixth, as the book takes from MNIST."""

from typing import Any

from numpy.typing import NDArray

Pair = tuple[NDArray[Any], NDArray[Any]]

SHARE = 6


def split_validation(name: str, pair: Pair) -> tuple[Pair, Pair]:
    r"""Split a training set into training and validation part.

    .. math:: n_{validation} = \lfloor n / 6 \rfloor

    Parameters
    ----------
    name : str
        What the set is called in an error.
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
    if len(images) < SHARE:
        raise ValueError(
            f"{name}: expected at least {SHARE} examples, since the last sixth is the validation "
            f"set; got {len(images)}. Give more, or a validation set of its own (x_validation, "
            "y_validation in an .npz)."
        )
    cut = len(images) - len(images) // SHARE
    return (images[:cut], labels[:cut]), (images[cut:], labels[cut:])
