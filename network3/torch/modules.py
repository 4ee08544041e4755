"""Modules that networks need besides those of PyTorch."""

import torch
from torch import Tensor, nn


class Bias(nn.Module):
    """A number added to each feature, on axis 1, for a layer that pools before it adds its bias.

    Parameters
    ----------
    features : int
    dtype : torch.dtype
    """

    def __init__(self, features: int, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(features, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, of shape (batch, features, ...), with the bias."""
        return x + self.bias.view(-1, *(1,) * (x.ndim - 2))


class BookDropout(nn.Module):
    """Dropout as in the book: a share `p` masked while training, and all multiplied by ``1 - p`` in evaluation.

    `torch.nn.Dropout` divides by ``1 - p`` while training instead.

    Parameters
    ----------
    p : float in [0, 1)
    """

    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` masked, or multiplied."""
        return x * torch.empty_like(x).bernoulli_(1 - self.p) if self.training else (1 - self.p) * x

    def extra_repr(self) -> str:
        """Return what the module's repr shows."""
        return f"p={self.p}"


class Sign(nn.Module):
    """-1, 0 or 1; after a rectifier, the step of the book's perceptrons."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the sign of `x`."""
        return torch.sign(x)
