"""Where PyTensor's exp, sigmoid and tanh are replaced by ours: float32, on Numba, in graphs that it compiles.

As scalar Ops of our own, so that PyTensor fuses them with what stands around them, and its own keep their code.
"""

from pytensor.compile.mode import optdb
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key
from pytensor.scalar.basic import Exp, ScalarOp, Tanh, same_out
from pytensor.scalar.math import Sigmoid
from pytensor.tensor.elemwise import Elemwise

from . import exponential
from .version import VERSION


# PyTensor's fusion passes over Ops without C code, on Numba too; by descent ours have it, and a value in Python.
class FastExp(Exp):
    """e to the power of x."""


class FastSigmoid(Sigmoid):
    """1 / (1 + e to the power of -x)."""


class FastTanh(Tanh):
    """The hyperbolic tangent of x."""


KERNELS = {FastExp: exponential.exp, FastSigmoid: exponential.sigmoid, FastTanh: exponential.tanh}
FAST: dict[type, ScalarOp] = {
    Exp: FastExp(same_out, name="fast_exp"),
    Sigmoid: FastSigmoid(same_out, name="fast_sigmoid"),
    Tanh: FastTanh(same_out, name="fast_tanh"),
}


@register_funcify_and_cache_key(FastExp)
@register_funcify_and_cache_key(FastSigmoid)
@register_funcify_and_cache_key(FastTanh)
def numba_fast(op, node, **kwargs):
    return KERNELS[type(op)], f"{type(op).__name__} {VERSION}"


@node_rewriter([Elemwise])
def take_exponential(fgraph, node):
    """Take exp, sigmoid and tanh of float32."""
    fast = FAST.get(type(node.op.scalar_op))
    if fast is None or node.inputs[0].dtype != "float32" or node.outputs[0].dtype != "float32":
        return None
    return [Elemwise(fast)(*node.inputs)]


# After the rewrites that know these functions, before PyTensor's fusion of elementwise Ops.
optdb.register("network3_take_exponential", in2out(take_exponential), "numba", position=2.57)
