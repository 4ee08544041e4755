"""A DCGAN's generator and discriminator in Theano's style: one draws digits, the other separates them from real ones.

After A. Radford, L. Metz and S. Chintala (2016): transposed convolutions enlarge, strides reduce, both with batch
normalization. Against the first generator, 40 steps bring the discriminator's cost from about 2 below 0.3; against that
discriminator, 40 steps bring the generator's cost from over 2 below half of that; then both take turns.
"""

from typing import Any

import numpy as np

import network3.theano as theano
import network3.theano.tensor as T
from network3 import load_data_shared
from network3.optim import Adam
from network3.theano.tensor.nnet import batch_normalization_train, conv2d, conv2d_transpose, relu, sigmoid
from network3.theano.tensor.nnet import binary_crossentropy as bce

BATCH, NOISE, MAPS = 50, 16, 8
RATE: Any = np.float32(0.002)


class Network:
    """Weights drawn from N(0, 0.05), in the order in which `draw` asks for them."""

    def __init__(self, seed: int):
        self.rng = np.random.RandomState(seed)
        self.params: list[Any] = []

    def draw(self, *shape: int, mean: float = 0, deviation: float = 0.05) -> Any:
        """Return new weights, whose shape is stated, so that it is fixed."""
        value = self.rng.normal(mean, deviation, shape).astype("float32")
        self.params.append(theano.shared(value, shape=shape))
        return self.params[-1]

    def scales(self, maps: int) -> tuple[Any, Any]:
        """Return gamma and beta of a batch normalization."""
        return self.draw(maps, mean=1), self.draw(maps, deviation=0)


class Generator(Network):
    """From noise (BATCH, NOISE) to images (BATCH, 1, 28, 28)."""

    def __init__(self) -> None:
        super().__init__(0)
        self.w1, self.scales1 = self.draw(NOISE, 2 * MAPS * 7 * 7), self.scales(2 * MAPS)
        self.w2, self.scales2 = self.draw(2 * MAPS, MAPS, 5, 5), self.scales(MAPS)
        self.w3 = self.draw(MAPS, 1, 5, 5)

    def __call__(self, z: Any) -> Any:
        half: dict[str, Any] = {"border_mode": "half", "input_dilation": (2, 2)}
        h = T.dot(z, self.w1).reshape((BATCH, 2 * MAPS, 7, 7))
        h = relu(batch_normalization_train(h, *self.scales1, axes="spatial")[0])
        h = conv2d_transpose(h, self.w2, (BATCH, MAPS, 14, 14), **half)
        h = relu(batch_normalization_train(h, *self.scales2, axes="spatial")[0])
        return sigmoid(conv2d_transpose(h, self.w3, (BATCH, 1, 28, 28), **half))


class Discriminator(Network):
    """From images (BATCH, 1, 28, 28) to the probability of each that it is real, (BATCH,)."""

    def __init__(self) -> None:
        super().__init__(1)
        self.w1 = self.draw(MAPS, 1, 5, 5)
        self.w2, self.scales2 = self.draw(2 * MAPS, MAPS, 5, 5), self.scales(2 * MAPS)
        self.w3 = self.draw(2 * MAPS * 7 * 7)

    def __call__(self, images: Any) -> Any:
        half: dict[str, Any] = {"border_mode": "half", "subsample": (2, 2)}
        h = relu(conv2d(images, self.w1, **half), alpha=0.2)
        h = conv2d(h, self.w2, **half)
        h = relu(batch_normalization_train(h, *self.scales2, axes="spatial")[0], alpha=0.2)
        return sigmoid(T.dot(h.reshape((BATCH, 2 * MAPS * 7 * 7)), self.w3))


def build() -> tuple[Any, Any, Any]:
    """Return the functions (x, z) -> cost of the discriminator's step, z -> the generator's, and z -> images."""
    generate, judge = Generator(), Discriminator()
    z = T.tensor("z", shape=(BATCH, NOISE), dtype="float32")
    x = T.tensor("x", shape=(BATCH, 28 * 28), dtype="float32")
    drawn = generate(z)
    p_real, p_drawn = judge(x.reshape((BATCH, 1, 28, 28))), judge(drawn)
    d_cost = T.mean(bce(p_real, 1)) + T.mean(bce(p_drawn, 0))
    g_cost = T.mean(bce(p_drawn, 1))
    d_step = theano.function([x, z], d_cost, updates=Adam(beta1=0.5)(d_cost, judge.params, RATE))
    g_step = theano.function([z], g_cost, updates=Adam(beta1=0.5)(g_cost, generate.params, RATE))
    return d_step, g_step, theano.function([z], drawn)


def main(steps: int = 40, turns: int = 40) -> dict[str, list[float]]:
    """Print how both costs move, and return them: of the discriminator alone, the generator alone, and of both."""
    digits = load_data_shared()[0][0].get_value()
    rng = np.random.RandomState(2)
    d_step, g_step, draw = build()

    def d() -> float:
        return float(d_step(digits[rng.permutation(len(digits))[:BATCH]], noise()))

    def noise() -> np.ndarray:
        return rng.uniform(-1, 1, (BATCH, NOISE)).astype("float32")

    costs = {"discriminator": [d() for _ in range(steps)]}
    costs["generator"] = [float(g_step(noise())) for _ in range(steps)]
    both = [(d(), float(g_step(noise()))) for _ in range(turns)]
    costs["discriminator in turns"], costs["generator in turns"] = (list(values) for values in zip(*both, strict=True))
    for who, values in costs.items():
        print(f"{who}: cost {values[0]:.2f} -> {values[-1]:.2f}")
    print(f"mean of the drawn images {draw(noise()).mean():.2f}, of the digits {digits.mean():.2f}")
    return costs


if __name__ == "__main__":
    main()
