"""The fast path: convolution with max-pooling in one kernel, and its gradients."""

from . import rewrites as rewrites
