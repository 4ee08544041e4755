"""Benchmarks of training time, on the configurations of the book's chapter 6."""
