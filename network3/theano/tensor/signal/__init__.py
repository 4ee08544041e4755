"""``theano.tensor.signal``: pooling."""

from . import downsample as downsample
from . import pool as pool
