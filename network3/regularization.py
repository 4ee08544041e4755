"""Terms added to the cost that keep weights small (book, chapter 3)."""


def l2(weights):
    r"""Return :math:`\frac12 \sum_w \|w\|^2`, a scalar expression, for a list of shared variables.

    Chapter 6 adds it times lmbda / (number of mini-batches); chapter 3 times lmbda / (number of examples), so
    chapter 6's lmbda is worth `mini_batch_size` times chapter 3's.
    """
    # A million squares added in float32 lose digits; the sum's own accumulator is float64, its value is not.
    return 0.5 * sum((w**2).sum(acc_dtype="float64") for w in weights)
