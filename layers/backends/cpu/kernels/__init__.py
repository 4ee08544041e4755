"""The kernels, each a Python function of loops in the kernel language."""
