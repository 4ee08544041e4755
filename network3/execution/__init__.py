"""Where and how compiled networks run: devices, compilation, and the loops over mini-batches."""
