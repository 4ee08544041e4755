"""The chapters' experiments that the page shows, computed by networks of the library."""

from .chapter4 import bumps as bumps
from .chapter4 import fit as fit
from .chapter5 import explode as explode
from .chapter5 import gradients as gradients
