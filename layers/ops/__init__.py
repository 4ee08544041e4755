"""Ops that PyTensor lacks: convolution and pooling of batches of images, and reproducible dropout masks."""

from .conv import conv2d as conv2d
from .conv_transpose import conv2d_transpose as conv2d_transpose
from .dropout_mask import DropoutMask as DropoutMask
from .pooling import pool2d as pool2d
from .upsample import upsample2d as upsample2d
