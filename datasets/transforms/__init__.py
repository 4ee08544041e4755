"""Transforms of images: shifts by a pixel, and random deformations."""
