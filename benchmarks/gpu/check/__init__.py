"""What our loops become on a GPU, found by compiling them for one that is not there: ``make check-gpu``."""
