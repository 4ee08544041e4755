"""The kernels: Python functions in the kernel language."""
