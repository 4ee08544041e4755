"""Products of matrices for fully connected layers, whose one side is a small batch, shared out to threads."""

from . import rewrites as rewrites
