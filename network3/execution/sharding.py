"""Where a training on JAX lies: on one device, or on several that share out each mini-batch."""

from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

BATCH = "batch"


@dataclass(frozen=True)
class DeviceMesh:
    """Devices in a row, along which the examples of a mini-batch are shared out; all else is on each of them.

    Attributes
    ----------
    devices : tuple of jax.Device
        Of all processes.
    """

    devices: tuple

    @cached_property
    def mesh(self) -> Mesh:
        """The devices, as JAX wants them."""
        return Mesh(np.array(self.devices), (BATCH,))

    @property
    def first(self) -> bool:
        """Whether this process is the one that prints and saves."""
        return jax.process_index() == 0

    def in_any(self, *flags: bool) -> tuple[bool, ...]:
        """Return for each of `flags` whether it is true in any process; all must ask."""
        if jax.process_count() == 1:
            return flags
        found = multihost_utils.process_allgather(np.array(flags)).any(axis=0)
        return tuple(bool(flag) for flag in found)

    def replicate(self, array):
        """Return `array` on all devices; as it is, if it is there."""
        return jax.device_put(array, self._sharding())

    def shard(self, rows):
        """Return `rows`, (..., batch), with a part of each batch on each device."""
        return jax.device_put(rows, self._sharding(*[None] * (rows.ndim - 1), BATCH))

    def split(self, x):
        """Say within a program that the examples of `x` are shared out."""
        return jax.lax.with_sharding_constraint(x, self._sharding(BATCH))

    def whole(self, x):
        """Say within a program that all of `x` is on each device."""
        return jax.lax.with_sharding_constraint(x, self._sharding())

    def _sharding(self, *axes):
        return NamedSharding(self.mesh, PartitionSpec(*axes))
