"""Averaged weights: another rule, beside which a moving average of each parameter is kept for evaluation.

Buffers, such as the running averages of batch normalization, are averaged likewise: they have to fit the parameters
that they are evaluated with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pytensor import shared
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.tensor.variable import TensorVariable

from network3.layers.calls import constructor_checked
from network3.layers.checks import real

from .rules import Params, Rule, Updates, check_inner_rule, gradient_descent, updates_of


@constructor_checked
@dataclass(frozen=True)
class MovingAverage:
    r"""Another rule, with an exponential moving average :math:`a` of the parameters :math:`w` that it leads to.

    .. math::
        n \to n' = d n + 1, \qquad a \to a + (w' - a) / n', \qquad
        a_t = \frac{\sum_{s \le t} d^{t - s} w_s}{\sum_{s \le t} d^{t - s}}

    after step :math:`t`, with :math:`n_0 = 0`. So the weights before the first step have no share in the average, which
    is the one with bias correction of Kingma and Ba. With :math:`d = 1` it is the mean over all steps.

    `Network.SGD` trains the parameters as the other rule alone does, and evaluates the averages: accuracies, monitored
    costs and ``net.best`` are theirs. Layers' buffers, such as the running averages of a `BatchNormLayer`, are averaged
    with the same weights. When it ends, the network has the averages as its parameters and buffers. A resumed training
    continues from the parameters themselves, which the checkpoint has as well.

    Attributes
    ----------
    rule : callable, default `gradient_descent`
        The other rule.
    decay : float in [0, 1], default 0.999
        :math:`d`: the average is over about the last :math:`1 / (1 - d)` steps.

    Raises
    ------
    TypeError, ValueError
        `rule` is not a rule, or has averages itself; `decay` outside [0, 1].

    Notes
    -----
    Sources: B. Polyak and A. Juditsky, SIAM J. Control and Optimization, 1992; D. Kingma and J. Ba, ICLR 2015,
    section 7.2.

    Examples
    --------
    >>> from pytensor import shared
    >>> import pytensor.tensor as pt
    >>> w = shared(2.0, name="w")
    >>> updates = MovingAverage(decay=0.9)(w**2, [w], pt.constant(0.1))
    >>> {variable.name: float(value.eval().round(3)) for variable, value in updates.items()}
    {'w': 1.6, 'number of averaged steps': 1.0, 'average of w': 1.6}
    """

    rule: Rule = gradient_descent
    decay: float = 0.999

    outermost = True

    def __post_init__(self) -> None:
        check_inner_rule("MovingAverage: rule", self.rule, "rule=network3.optim.Adam()")
        real("MovingAverage: decay", self.decay, least=0.0, most=1.0)

    def __call__(self, cost: TensorVariable, params: Params, eta: TensorVariable) -> Updates:
        """Return what the other rule returns, and the next averages."""
        updates = updates_of("MovingAverage: rule", self.rule, cost, params, eta)
        changed = [p for p in params if p in updates]
        if not changed:
            return updates
        dtype = changed[0].dtype
        count = shared(np.zeros((), dtype), name="number of averaged steps")
        next_count = np.asarray(self.decay, dtype) * count + np.asarray(1, dtype)
        return updates | {count: next_count} | _averages({p: updates[p] for p in changed}, next_count)


def buffer_averages(updates: Updates, buffers: Updates) -> Updates:
    """Return the averages of `buffers`, each given with its next value, if `updates` have averages of parameters."""
    for variable in updates:
        if hasattr(variable.tag, "next_count"):
            return _averages(buffers, variable.tag.next_count)
    return {}


def _averages(next_values: Updates, next_count: TensorVariable) -> Updates:
    """Return an average of each variable, and its next value; `next_count` counts the steps with the next one."""
    averages: Updates = {}
    for variable, value in next_values.items():
        average = shared(variable.get_value(), name=f"average of {variable.name}", shape=variable.type.shape)
        average.tag.average_of, average.tag.next_count = variable, next_count
        averages[average] = average + (value - average) / next_count
    return averages


def averaged_variables(variables: Sequence[SharedVariable]) -> dict[SharedVariable, SharedVariable]:
    """Return those of `variables` that are averages, each with the variable of which it is the average."""
    found = {variable: getattr(variable.tag, "average_of", None) for variable in variables}
    return {variable: p for variable, p in found.items() if p is not None}
