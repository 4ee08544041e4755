"""The residual network of `ResidualConfiguration` in PyTorch."""

import torch
from torch import nn

from benchmarks.configurations import EPSILON, ResidualConfiguration


class Block(nn.Module):
    """Two convolutions, and a shortcut: the identity, or a convolution of 1 x 1 where the shape changes."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(*normalized(n_in, n_out, 3, stride), nn.ReLU(), *normalized(n_out, n_out, 3, 1))
        changes = stride > 1 or n_in != n_out
        self.shortcut = nn.Sequential(*normalized(n_in, n_out, 1, stride)) if changes else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.path(x) + self.shortcut(x))


def normalized(n_in: int, n_out: int, size: int, stride: int) -> tuple[nn.Module, nn.Module]:
    """Return a convolution with filters of `size` x `size`, and its batch normalization."""
    return nn.Conv2d(n_in, n_out, size, stride, size // 2, bias=False), nn.BatchNorm2d(n_out, EPSILON)


def residual_layers(config: ResidualConfiguration) -> nn.Sequential:
    """Return the network up to the logits."""
    stack: list[nn.Module] = [*normalized(config.image[0], config.stages[0], 3, 1), nn.ReLU()]
    stack += [Block(*block) for block in config.blocks]
    n_in, n_out = config.widths
    return nn.Sequential(*stack, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(n_in, n_out))
