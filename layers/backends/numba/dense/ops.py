"""Products of a layer's matrices as Ops of the Numba back end, which its rewrites put in the place of Dot.

``perform`` is NumPy's truth, for tests; programs reach these Ops compiled only.
"""

import numpy as np
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key
from pytensor.tensor.type import TensorType

from .. import kernel as kernel_module
from .. import memory, sharing, simd
from ..version import source_version
from . import descent, product, sizes
from .sizes import Sizes

MODULES = (kernel_module, memory, sharing, simd, descent, product, sizes)
VERSION = source_version(__file__, *(str(module.__file__) for module in MODULES))


class Product(Op):
    """x w, for x (batch, n_in) and w (n_in, n_out)."""

    __props__ = ("sizes",)

    def __init__(self, sizes: Sizes):
        self.sizes = sizes

    def make_node(self, x, w):
        return Apply(self, [x, w], [TensorType(self.sizes.dtype, shape=(self.sizes.batch, self.sizes.n_out))()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] @ inputs[1]


class ProductWithTransposed(Op):
    """d w', for d (batch, n_out) and w (n_in, n_out)."""

    __props__ = ("sizes",)

    def __init__(self, sizes: Sizes):
        self.sizes = sizes

    def make_node(self, d, w):
        return Apply(self, [d, w], [TensorType(self.sizes.dtype, shape=(self.sizes.batch, self.sizes.n_in))()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] @ inputs[1].T


class Descend(Op):
    """old w + new x' d, for w (n_in, n_out), x (batch, n_in), d (batch, n_out) and two numbers; in w's place or not."""

    __props__ = ("sizes", "inplace")

    def __init__(self, sizes: Sizes, inplace: bool):
        self.sizes, self.inplace = sizes, inplace
        if inplace:
            self.destroy_map = {0: [0]}

    def make_node(self, w, x, d, old, new):
        return Apply(
            self, [w, x, d, old, new], [TensorType(self.sizes.dtype, shape=(self.sizes.n_in, self.sizes.n_out))()]
        )

    def perform(self, node, inputs, output_storage):
        w, x, d, old, new = inputs
        output_storage[0][0] = np.asarray(old * w + new * (x.T @ d), w.dtype)


@register_funcify_default_op_cache_key(Product)
def numba_product(op, node, **kwargs):
    return product.make_product(op.sizes), VERSION


@register_funcify_default_op_cache_key(ProductWithTransposed)
def numba_product_with_transposed(op, node, **kwargs):
    return product.make_product_with_transposed(op.sizes), VERSION


@register_funcify_default_op_cache_key(Descend)
def numba_descend(op, node, **kwargs):
    return descent.make_descent(op.sizes, op.inplace), VERSION
