"""The devices of a training on JAX: one, or several that share each mini-batch."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import jax
    from jax.sharding import Mesh, NamedSharding

BATCH = "batch"


@dataclass(frozen=True)
class DeviceMesh:
    """Devices in a row. Images, of a data set and of a mini-batch, are split along it; all else is on each device.

    Attributes
    ----------
    devices : tuple of jax.Device
        Of all processes.
    """

    devices: "tuple[jax.Device, ...]"

    @cached_property
    def jax_mesh(self) -> "Mesh":
        """The devices as a JAX mesh with one axis."""
        from jax.sharding import Mesh

        return Mesh(np.array(self.devices), (BATCH,))

    @property
    def first_process(self) -> bool:
        """Whether this process is the one that prints and saves."""
        import jax

        return jax.process_index() == 0

    @property
    def one_process(self) -> bool:
        """Whether all devices are of this process."""
        import jax

        return jax.process_count() == 1

    def in_any_process(self, *flags: bool) -> tuple[bool, ...]:
        """Return for each of `flags` whether it is true in any process; every process must call this."""
        import jax

        if jax.process_count() == 1:
            return flags
        from jax.experimental import multihost_utils

        found = multihost_utils.process_allgather(np.array(flags)).any(axis=0)
        return tuple(bool(flag) for flag in found)

    def replicate(self, array: ArrayLike) -> "jax.Array":
        """Copy `array` to all devices; an array that is already there is returned as it is."""
        import jax

        return jax.device_put(array, self.sharding())

    def shard(self, rows: np.ndarray) -> "jax.Array":
        """Put `rows`, of shape (..., batch), on the devices, with an equal part of the last axis on each."""
        import jax

        return jax.device_put(rows, self.sharding(*[None] * (rows.ndim - 1), BATCH))

    def shard_examples(self, examples: np.ndarray) -> "jax.Array":
        """Put `examples` on the devices, an equal part on each; the last part is filled up with zeros."""
        import jax

        missing = -len(examples) % len(self.devices)
        if missing:
            examples = np.concatenate([examples, np.zeros((missing, *examples.shape[1:]), examples.dtype)])
        return jax.device_put(examples, self.sharding(BATCH))

    def keep_sharded(self, x: "jax.Array") -> "jax.Array":
        """Constrain `x`, of shape (batch, ...), inside a program: its first axis is split across the devices."""
        import jax

        return jax.lax.with_sharding_constraint(x, self.sharding(BATCH))

    def keep_replicated(self, x: "jax.Array") -> "jax.Array":
        """Constrain `x` inside a program: all of it is on each device."""
        import jax

        return jax.lax.with_sharding_constraint(x, self.sharding())

    def sharding(self, *axes: str | None) -> "NamedSharding":
        """Return how an array lies on the devices whose axes are split as named; without names, a copy on each."""
        from jax.sharding import NamedSharding, PartitionSpec

        return NamedSharding(self.jax_mesh, PartitionSpec(*axes))
