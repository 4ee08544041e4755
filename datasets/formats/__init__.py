"""Readers and writers of data set files."""
