"""Photographs and drawings of digits, made like MNIST's images."""
