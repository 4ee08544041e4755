// All words of the page, in English. A translation is a file like this one, and a line in strings.js.

const times = (shape) => shape.join(" × ");
const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

export const en = {
  title: "See it think",
  lead: "Draw a digit and watch every layer answer. Touch a neuron to see how its value is computed.",
  skip: "Skip to the layers",
  theme: "Dark or light",
  language: "en",

  draw: "Draw a digit",
  padLabel:
    "Drawing area. Draw with finger, pen or mouse. With a keyboard: arrow keys move the pen, the space bar lowers and " +
    "lifts it.",
  padHint: "Draw here",
  penDown: "Pen down",
  penUp: "Pen up",
  undo: "Undo",
  clear: "Clear",
  examples: "Or take a test image",
  example: (label) => `A test image of a ${label}`,
  seen: "What the network gets",
  seenNote: "28 × 28 pixels, scaled and centred as in MNIST",
  seenLabel: "The network's input, 28 by 28 pixels",
  seenField: (box) =>
    `It looks at rows ${box.top + 1} to ${box.bottom + 1} and columns ${box.left + 1} to ${box.right + 1} of the input.`,

  answer: "Answer",
  probabilities: "Probability of each digit",
  outputs: "Output of each neuron",
  noAnswer: "Nothing drawn yet",
  answered: (label, share) => `It is a ${label}, with probability ${share}`,
  facts: { epochs: "epochs", "validation accuracy": "validation accuracy" },
  network: "Network",
  compareWith: "Compare with",
  nothing: "nothing",
  unknownKind: (number, kind) =>
    `This network has a layer that this page cannot compute: layer ${number}, of the kind “${kind}”. ` +
    "Python can; the page has the layers of network3 only.",

  layers: "Layers",
  layer: (number) => `Layer ${number}`,
  kinds: {
    BatchNormLayer: "Batch normalization",
    ConvPoolLayer: "Convolution and pooling",
    DropoutLayer: "Dropout",
    FullyConnectedLayer: "Fully connected",
    GlobalPoolLayer: "Global pooling",
    RegressionLayer: "Regression",
    SoftmaxLayer: "Softmax",
  },
  convolution: "Convolution",
  maps: (shape) => `${count(shape[0], "map")} of ${times(shape.slice(1))}`,
  neurons: (number) => count(number, "neuron"),
  filtersOf: (shape) => `filters ${times(shape)}`,
  pools: { max: "maximum", average: "mean", l2: "L2 norm" },
  poolOf: (mode, size) => `${en.pools[mode]} of ${times(size)}`,
  filters: "Filters",
  filtersNote: "Each row is a filter, one picture for each map that it sees, as it lies on the image.",
  unitsLabel: (title, units) =>
    `${title}: ${units}. Arrow keys move between places, Page Up and Page Down between maps; the explanation follows.`,
  scale: (low, high) => `${low} to ${high}`,

  explanation: "How a value is computed",
  explanationHint:
    "Touch a neuron, or a place of a map, to see which pixels it looks at and its sum, number by number.",
  close: "Close",
  looksAt: "It looks at the marked pixels",
  directions: { ArrowLeft: "To the left", ArrowRight: "To the right", ArrowUp: "Up", ArrowDown: "Down" },
  neuron: (number) => `Neuron ${number}`,
  outputNeuron: (label) => `Neuron of the digit ${label}`,
  mapPlace: ([map, row, column]) => `Map ${map + 1}, row ${row + 1}, column ${column + 1}`,
  value: (number) => `Value ${number}`,
  steps: {
    sum: (terms, zeros) =>
      `Sum of ${count(terms, "product")}` + (zeros ? `, ${zeros.toLocaleString("en")} of them 0` : ""),
    pool: (mode, number) =>
      `${mode === "max" ? "Maximum" : mode === "l2" ? "Root of the squares" : "Mean"} of ${count(number, "value")}`,
    scale: "Scaled, as dropout masked inputs while training",
    bias: "Plus the bias",
    normalize: "Normalized",
    activation: (name) => `Activation: ${name}`,
  },
  input: "Input x",
  weight: "Weight w",
  product: "x · w",
  running: "Sum",
  source: "From",
  padding: "border",
  pixel: (row, column) => `${row + 1}, ${column + 1}`,
  fromMap: (map, row, column) => `map ${map + 1} · ${row + 1}, ${column + 1}`,
  fromNeuron: (number) => `neuron ${number + 1}`,
  strongest: (shown, total) => `The ${shown} strongest of ${total.toLocaleString("en")}`,
  showAll: (total) => `Show all ${total.toLocaleString("en")} in order`,
  showStrongest: "Show the strongest only",
  remaining: (number) => `the other ${number.toLocaleString("en")}`,
  windowLabel: "Sums in the pooling window; choose one to see its products",
  softmaxSum: (number) => `e^z divided by the sum over all ${number} neurons`,
};
