"""A data set with the names of its classes."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .pairs import DataPair
from .split import Pair


class DataSet(list[Any]):
    """The list of three pairs (images, labels): training, validation and test data, with the names of the classes.

    ``training, validation, test = data`` are as `read` returns them.

    Parameters
    ----------
    pairs : three pairs (images, labels)
        Labels are the numbers of the classes, from 0.
    class_names : sequence of str

    Attributes
    ----------
    class_names : tuple of str

    Examples
    --------
    >>> import numpy as np
    >>> pair = np.zeros((2, 4)), np.array([0, 1])
    >>> data = DataSet([pair, pair, pair], ["circle", "cross"])
    >>> training, validation, test = data
    >>> data.names(test[1])
    array(['circle', 'cross'], dtype='<U6')
    """

    def __init__(self, pairs: Iterable[Pair], class_names: Sequence[str]):
        super().__init__(DataPair(pair) for pair in pairs)
        self.class_names = tuple(class_names)

    def names(self, labels: ArrayLike) -> NDArray[np.str_]:
        """Return the names of the classes with these numbers, such as those that ``net.predict`` returns.

        Parameters
        ----------
        labels : integer array of any shape

        Returns
        -------
        array of str of that shape

        Raises
        ------
        ValueError
            A number that is no class.
        """
        numbers, count = np.asarray(labels), len(self.class_names)
        if numbers.dtype.kind not in "iu" or (numbers.size and not 0 <= numbers.min() <= numbers.max() < count):
            got = f"{numbers.min()} to {numbers.max()}" if numbers.dtype.kind in "iu" else f"dtype {numbers.dtype}"
            raise ValueError(
                f"DataSet.names: expected class numbers from 0 to {count - 1}; got {got}. Pass those of net.predict."
            )
        return np.array(self.class_names)[numbers]
