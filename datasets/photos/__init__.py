"""Photographs and drawings of digits, converted to the form of MNIST."""
