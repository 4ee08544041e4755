"""Networks as modules of PyTorch, and the weights of such modules for networks.

Importing this package loads PyTorch, which ``pip install 'network3[torch]'`` installs.
"""

from network3.exchange.requirement import check_installed

check_installed("network3.torch", "torch", "torch")

from .from_module import from_module as from_module  # noqa: E402  # imports what is checked above
from .to_module import to_module as to_module  # noqa: E402
