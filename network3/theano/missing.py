"""Messages for names of Theano that neither PyTensor nor this package has."""

from network3.layers.checks import error_message

# What stands in the place of some.
SUCCESSORS = {
    "theano.Apply": "pytensor.graph.basic.Apply",
    "theano.Op": "pytensor.graph.op.Op",
    "theano.Param": "pytensor.In",
    "theano.clone": "pytensor.graph.replace.clone_replace",
    "theano.gof": "pytensor.graph",
    "theano.sandbox": "pytensor.tensor.random.utils.RandomStream",
    "theano.tensor.Lop": "pytensor.gradient.Lop",
    "theano.tensor.Rop": "pytensor.gradient.Rop",
    "theano.tensor.addbroadcast": "pytensor.tensor.specify_broadcastable",
    "theano.tensor.nnet.ultra_fast_sigmoid": "pytensor.tensor.sigmoid",
    "theano.tensor.patternbroadcast": "pytensor.tensor.specify_broadcastable",
    "theano.tensor.shared_randomstreams": "pytensor.tensor.random.utils.RandomStream",
}


def missing_name(module: str, name: str) -> str:
    """Return the message for a name that `module`, such as "theano.tensor", does not have."""
    successor = SUCCESSORS.get(f"{module}.{name}")
    hint = f"Use {successor}." if successor else "docs/porting.md lists what there is."
    return error_message(f"network3.{module}", "expected a name that PyTensor or network3 has", name, hint)
