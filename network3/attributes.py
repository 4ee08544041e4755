"""Attributes of the networks of other programs, such as the book's ``network.py``, and what a Network has instead."""

from typing import TYPE_CHECKING, Any

from network3.layers.checks import error_message

# Of network.py and network2.py: they can be neither read nor assigned.
OF_THE_BOOK = {
    "weights": "layer.w of net.layers, or get_weights and set_weights",
    "biases": "layer.b of net.layers, or get_weights and set_weights",
    "sizes": "net.shapes, or print(net)",
    "num_layers": "len(net.layers)",
    "cost": "SGD(..., cost=network3.layers.costs.cross_entropy), or a SoftmaxLayer at the end",
    "default_weight_initializer": "FullyConnectedLayer(..., initializer=network3.layers.initializers.normalized)",
    "large_weight_initializer": "FullyConnectedLayer(..., initializer=network3.layers.initializers.large)",
    "feedforward": "predict_proba(images), or predict(images) for labels",
    "evaluate": "accuracy(data)",
    "total_cost": "SGD(..., monitor=['training_cost']), which the History records",
    "backprop": "network3.gradient_norms(net, data), or pytensor.grad of layer.cost(net)",
    "update_mini_batch": "SGD with the examples of one mini-batch",
    "cost_derivative": "pytensor.grad of layer.cost(net)",
}
# Of Keras, scikit-learn, PyTorch and others.
OF_OTHERS = {
    **dict.fromkeys(
        ("fit", "train", "fit_generator", "partial_fit"), "SGD(training_data, epochs, mini_batch_size, eta)"
    ),
    **dict.fromkeys(("score", "test"), "accuracy(data)"),
    **dict.fromkeys(("forward", "predict_on_batch", "predict_classes"), "predict_proba(images), or predict(images)"),
    "count_params": "net.summary(), which has the number",
    **dict.fromkeys(("parameters", "state_dict", "trainable_weights", "coefs_"), "get_weights(), or net.params"),
    **dict.fromkeys(
        ("load_weights", "load_state_dict", "load_model"), "network3.load(filename), or set_weights(arrays)"
    ),
    **dict.fromkeys(("save_weights", "save_model"), "save(filename)"),
    "load": "network3.load(filename)",
    "get_params": "get_weights()",
    "set_params": "set_weights(arrays)",
    "history": "the History that SGD returns",
    "compile": "SGD(..., cost=..., rule=...); nothing is to be compiled",
    "add": "a list of all layers: Network([...], mini_batch_size)",
}
INSTEAD = OF_THE_BOOK | OF_OTHERS


class ExplainedAttributes:
    """Base class of Network: an attribute that it lacks, and another program's network has, is explained.

    Attributes of users, of any other name, can be assigned.
    """

    if not TYPE_CHECKING:  # an unknown attribute stays an error for type checkers

        def __getattr__(self, name: str) -> Any:
            if name not in INSTEAD:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            raise AttributeError(_message(name), name=name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in OF_THE_BOOK and not hasattr(type(self), name):
            raise AttributeError(_message(name), name=name)
        super().__setattr__(name, value)


def _message(name: str) -> str:
    hint = f"Use {INSTEAD[name]}."
    return error_message(f"Network: {name}", "expected an attribute of this Network", "one of another program", hint)
