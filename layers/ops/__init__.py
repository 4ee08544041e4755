"""Ops that PyTensor lacks: convolution and pooling of batches of images, and reproducible dropout masks."""

from .conv import conv2d as conv2d
from .dropout_mask import DropoutMask as DropoutMask
from .pool import pool2d as pool2d
