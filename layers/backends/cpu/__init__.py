"""The CPU back end: a PyTensor linker that compiles a graph to a plan of kernels."""
