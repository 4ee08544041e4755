"""Terms added to the cost that keep weights small: functions of a list of weights to a scalar expression.

`Network.SGD` adds ``lmbda / m`` times the term: in chapter 6 :math:`m` is the number of mini-batches an epoch, in
chapter 3 that of examples. So chapter 6's lmbda is worth `mini_batch_size` times chapter 3's.
"""

from dataclasses import dataclass

from network3.layers.checks import error_message, real


def l2(weights):
    r"""Return :math:`\frac12 \sum_w \|w\|^2`, a scalar expression, for a list of shared variables (book, chapter 3)."""
    # A million squares added in float32 lose digits; the sum's own accumulator is float64, its value is not.
    return 0.5 * sum((w**2).sum(acc_dtype="float64") for w in weights)


def l1(weights):
    r"""Return :math:`\sum_w |w|`, whose gradient is the sign of each weight, 0 at 0 (book, chapter 3)."""
    return sum(abs(w).sum(acc_dtype="float64") for w in weights)


@dataclass(frozen=True)
class ElasticNet:
    r"""Both, :math:`s \sum |w| + (1 - s) \frac12 \sum w^2` (H. Zou and T. Hastie, J. R. Statist. Soc. B, 2005).

    Attributes
    ----------
    share : float in [0, 1]
        :math:`s`, that of `l1`.

    Raises
    ------
    ValueError
        `share` outside [0, 1].
    """

    share: float = 0.5

    def __post_init__(self):
        if real("ElasticNet: share", self.share, least=0.0) > 1:
            raise ValueError(
                error_message("ElasticNet: share", "expected at most 1", f"{self.share:g}", "Write e.g. 0.5.")
            )

    def __call__(self, weights):
        return self.share * l1(weights) + (1 - self.share) * l2(weights)
