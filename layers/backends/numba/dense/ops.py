"""Products of a layer's matrices as Ops of the Numba back end, which its rewrites put in the place of Dot.

``perform`` is NumPy's truth, for tests; programs reach these Ops compiled only.
"""

import numpy as np
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key
from pytensor.tensor.type import TensorType

from ..version import VERSION
from . import descent, product
from .sizes import Sizes


class _Sized(Op):
    """What the Ops share: the sizes that they and their kernels are made for."""

    __props__: tuple[str, ...] = ("sizes",)

    def __init__(self, sizes: Sizes):
        self.sizes = sizes


class Product(_Sized):
    """x w, for x (batch, n_in) and w (n_in, n_out)."""

    def make_node(self, x, w):
        return Apply(self, [x, w], [TensorType(self.sizes.dtype, shape=(self.sizes.batch, self.sizes.n_out))()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] @ inputs[1]


class ProductWithTransposed(_Sized):
    """d w', for d (batch, n_out) and w (n_in, n_out)."""

    def make_node(self, d, w):
        return Apply(self, [d, w], [TensorType(self.sizes.dtype, shape=(self.sizes.batch, self.sizes.n_in))()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] @ inputs[1].T


class Descend(_Sized):
    """old w + new x' d, for w (n_in, n_out), x (batch, n_in), d (batch, n_out) and two numbers; in w's place or not."""

    __props__ = ("sizes", "inplace")

    def __init__(self, sizes: Sizes, inplace: bool):
        super().__init__(sizes)
        self.inplace = inplace
        if inplace:
            self.destroy_map = {0: [0]}

    def make_node(self, w, x, d, old, new):
        return Apply(self, [w, x, d, old, new], [w.type()])

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
