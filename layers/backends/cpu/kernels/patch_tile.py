"""A tile whose rows are the taps of some rows of a filter, in one map of an image or in several."""

from typing import Any

import numpy as np

from network3.layers.backends.cpu.compiler import Tile, operation
from network3.layers.backends.cpu.compiler.arithmetic import binary
from network3.layers.backends.cpu.compiler.frame import Frame


class PatchTile(Tile):
    """A tile of `maps` x `rows` x `taps` rows, one for each tap, and of `vectors` adjacent vectors each.

    Parameters
    ----------
    dtype : "float32" or "float64"
    lanes : int
        Elements of a vector.
    maps, rows, taps : int
        Maps, rows of the filter in a map, and adjacent taps in a row.
    vectors : int
    """

    def __init__(self, dtype: str, lanes: int, maps: int, rows: int, taps: int, vectors: int):
        count, right = maps * rows * taps, tuple(range(0, vectors * lanes, lanes))
        super().__init__(dtype, lanes, tuple(range(count)), right)
        self.maps, self.filter_rows, self.taps = maps, rows, taps

    @operation
    def accumulate_patch(
        self, tile: np.ndarray, x: np.ndarray, i: int, map_step: int, row_step: int, b: np.ndarray, j: int
    ) -> None:
        """Add to each row the product of its element of the patch at x[i] and the vectors at b[j].

        Maps are `map_step` elements apart in x, rows `row_step`.
        """
        for m in range(self.maps):
            for r in range(self.filter_rows):
                for k in range(self.taps):
                    factor = x[i + m * map_step + r * row_step + k]
                    for c, right in enumerate(self.right):
                        vector = b[j + right : j + right + self.lanes]
                        tile[(m * self.filter_rows + r) * self.taps + k, c] += factor * vector

    @accumulate_patch.emitter
    def _emit_accumulate_patch(
        self, frame: Frame, tile: Any, x: Any, i: Any, map_step: Any, row_step: Any, b: Any, j: Any
    ) -> None:
        slots = self._checked(tile, self.rows).slots
        vectors = self._vectors(frame, b, j, self.right)
        factors: list[str] = []
        for m in range(self.maps):
            of_map = binary(frame, "Add", i, binary(frame, "Mult", map_step, m))
            for r in range(self.filter_rows):
                of_row = binary(frame, "Add", of_map, binary(frame, "Mult", row_step, r))
                factors += self._broadcasts(frame, x, of_row, range(self.taps))
        for k, slot in enumerate(slots):
            row, column = divmod(k, self.columns)
            frame.set(slot, self._multiply_add(frame, frame.get(slot), factors[row], vectors[column]))
