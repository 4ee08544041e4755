"""The CPU back end: a PyTensor linker of our own, which turns a graph into a plan of kernels."""
