"""A peer for the tests of the benchmarks: sigmoid networks in NumPy, always on the first mini-batch."""

import numpy as np

COST_FACTOR = 1.0


def build(config, weights, batch):
    return Fake(config, weights, batch)


class Fake:
    """Sigmoid layers and a softmax; the cost is multiplied by `COST_FACTOR`."""

    def __init__(self, config, weights, batch):
        self.config, self.batch = config, batch
        self.params = [np.array(w, np.float64) for w in weights]

    def load(self, x, y):
        self.x, self.y = x[: self.batch], y[: self.batch]

    def _activations(self, x):
        a = [np.asarray(x, np.float64)]
        for w, b in zip(self.params[:-2:2], self.params[1:-2:2], strict=True):
            a.append(1 / (1 + np.exp(-(a[-1] @ w + b))))
        z = a[-1] @ self.params[-2] + self.params[-1]
        e = np.exp(z - z.max(1, keepdims=True))
        return [*a, e / e.sum(1, keepdims=True)]

    def run(self, steps):
        for _ in range(steps):
            *a, out = self._activations(self.x)
            delta = (out - np.eye(10)[self.y]) / len(out)
            for i in range(len(a) - 1, -1, -1):
                w, b = self.params[2 * i : 2 * i + 2]
                next_delta = delta @ w.T * a[i] * (1 - a[i]) if i else None
                w -= self.config.eta * (a[i].T @ delta + self.config.decay(self.batch) * w)
                b -= self.config.eta * delta.sum(0)
                delta = next_delta

    def cost(self, x, y):
        l2 = self.config.decay(self.batch) / 2 * sum((w**2).sum() for w in self.params[::2])
        out = self._activations(x)[-1]
        return COST_FACTOR * float(l2 - np.log(out[np.arange(len(y)), y]).mean())

    def predict(self, x):
        return self._activations(x)[-1].argmax(1)

    def weights(self):
        return self.params
