"""Update rules: functions ``rule(cost, params, eta) -> {param: next value}`` over expressions."""

from pytensor.gradient import grad


def gradient_descent(cost, params, eta):
    r"""Return :math:`w \to w - \eta\, \partial C / \partial w` for each of `params` (book, chapter 1).

    Parameters
    ----------
    cost : scalar expression
    params : list of shared variables
    eta : scalar expression of the params' type
        Learning rate.
    """
    return {p: p - eta * g for p, g in zip(params, grad(cost, params), strict=True)}
