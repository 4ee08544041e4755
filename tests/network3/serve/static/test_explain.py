"""static/explain.js: the terms and steps of a neuron's value lead to that value, and its field is what it looks at."""

import numpy as np
import pytest

import network3
from network3 import BatchNormLayer, ConvPoolLayer, DropoutLayer, FullyConnectedLayer, GlobalPoolLayer, SoftmaxLayer
from network3.network import Network
from network3.serve.description import describe
from tests.network3.serve.static.test_network import randomized

# Every step computed anew, with its own formulas.
EXPLAIN = """
const { Network } = await use("network.js");
const { explain } = await use("explain.js");
const net = new Network(data.network);
const trace = net.forward(data.image);
const functions = {
  linear: (z) => z,
  ReLU: (z) => Math.max(0, z),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};
const pools = {
  max: (values) => Math.max(...values),
  average: (values) => values.reduce((a, b) => a + b) / values.length,
  l2: (values) => Math.hypot(...values),
};
const again = {
  sum: ({ terms }) => terms.map(({ x, w }) => x * w).reduce((a, b) => a + b),
  pool: ({ mode, values }) => pools[mode](values),
  scale: ({ factor }, x) => factor * x,
  bias: ({ b }, x) => x + b,
  normalize: (s, x) => (s.gamma * (x - s.mean)) / Math.sqrt(s.variance + s.epsilon) + s.beta,
  activation: ({ name, row }, x) =>
    name === "softmax" ? Math.exp(x) / row.map(Math.exp).reduce((a, b) => a + b) : functions[name](x),
};
result = data.units.map(([layer, unit]) => {
  const found = explain(net, trace, layer, unit);
  let [x, worst] = [trace.layers[layer].input[unit] ?? 0, 0];
  for (const step of found.steps) {
    const chosen = step.step === "pool" && found.steps[0].step === "sum" ? step.values[step.chosen] : x;
    worst = Math.max(worst, Math.abs(chosen - x));
    x = again[step.step](step, x);
    worst = Math.max(worst, Math.abs(x - (step.result ?? step.total)));
  }
  return { worst: Math.max(worst, Math.abs(x - found.value)), names: found.steps.map((step) => step.step), ...found };
});
"""
# Which pixels change the value of a unit.
LOOKED_AT = """
const { Network } = await use("network.js");
const { receptiveField } = await use("field.js");
const net = new Network(data.network);
const value = (image, layer, unit) => net.forward(image).layers[layer].output[unit];
result = data.units.map(([layer, unit]) => {
  const before = value(data.image, layer, unit);
  const changed = data.image.map((pixel, place) => {
    const image = [...data.image];
    image[place] += 1;
    return value(image, layer, unit) !== before;
  });
  return { changed, field: receptiveField(net, layer, unit) };
});
"""
NETWORKS = {
    "chapter 6": lambda: [
        ConvPoolLayer((3, 1, 5, 5), (1, 14, 14), activation_fn=network3.ReLU),
        FullyConnectedLayer(75, 8, p_dropout=0.3),
        SoftmaxLayer(8, 4),
    ],
    "options": lambda: [
        ConvPoolLayer((4, 1, 3, 2), (1, 14, 14), (3, 2), pool="average", pool_stride=(2, 1), padding="half"),
        BatchNormLayer((4, 6, 14), network3.tanh),
        DropoutLayer((4, 6, 14), 0.4),
        ConvPoolLayer((2, 2, 3, 3), (4, 6, 14), (1, 2), pool="l2", groups=2, dilation=2, padding=2, batch_norm=True),
        GlobalPoolLayer((2, 6, 7)),
        SoftmaxLayer(2, 3),
    ],
}


def examined(name):
    net = randomized(Network(NETWORKS[name](), 10))
    rng = np.random.default_rng(3)
    units = [(k, int(rng.integers(np.prod(shape[1:])))) for k, shape in enumerate(net.shapes) for _ in range(6)]
    return {"network": describe(net), "units": units, "image": rng.random(196).tolist()}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_steps_lead_to_the_value(javascript, name):
    given = examined(name)
    found = javascript.run(EXPLAIN, given)
    assert max(entry["worst"] for entry in found) < 1e-9
    names = [entry["names"] for entry in found[::6]]
    ended = [["sum", "bias", "activation"]]
    if name == "chapter 6":
        assert names == [["sum", "pool", "bias", "activation"], ["sum", "scale", "bias", "activation"], *ended]
    else:
        middle = [["normalize", "activation"], ["scale"], ["sum", "pool", "normalize", "activation"], ["pool"]]
        assert names == [["sum", "pool", "bias", "activation"], *middle, *ended]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_field_is_what_a_unit_looks_at(javascript, name):
    given = examined(name)
    for (layer, unit), entry in zip(given["units"], javascript.run(LOOKED_AT, given), strict=True):
        changed, field = np.reshape(entry["changed"], (14, 14)), entry["field"]
        inside = np.zeros((14, 14), bool)
        inside[field["top"] : field["bottom"] + 1, field["left"] : field["right"] + 1] = True
        assert not changed[~inside].any(), (layer, unit)
        if name == "options" and layer < 3:  # no ReLU and no maximum: each edge of the field has its share
            assert changed[field["top"]].any(), (layer, unit)
            assert changed[field["bottom"]].any(), (layer, unit)
            assert changed[:, field["left"]].any(), (layer, unit)
            assert changed[:, field["right"]].any(), (layer, unit)


def test_a_patch_has_the_pixels_under_the_filter(javascript):
    given = examined("chapter 6")
    given["units"] = [(0, 1 * 25 + 2 * 5 + 3)]  # map 1, row 2, column 3
    (entry,) = javascript.run(EXPLAIN, given)
    assert entry["place"] == [1, 2, 3]
    assert entry["field"] == {"top": 4, "bottom": 9, "left": 6, "right": 11}
    terms = entry["steps"][0]["terms"]
    row, column = entry["steps"][1]["places"][entry["steps"][1]["chosen"]]
    assert [term["source"] for term in terms] == [14 * (row + k) + column + m for k in range(5) for m in range(5)]
    image = np.reshape(given["image"], (14, 14))
    np.testing.assert_allclose([term["x"] for term in terms], image[row : row + 5, column : column + 5].ravel())
