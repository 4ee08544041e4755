"""Training: the loop, its configuration, state and record, and what watches over it."""
