"""What ``print(net)`` shows: a table of layers, shapes and parameters."""


def table(layers, shapes, dtype: str) -> str:
    """Return a line for each of `layers`, with the shape that it gives (None if it does not say), and a total."""
    rows = [("layer", "gives, for each example", "parameters")]
    total = 0
    for layer, shape in zip(layers, shapes, strict=True):
        count = sum(param.get_value(borrow=True).size for param in layer.params)
        gives = "not stated" if shape is None else " x ".join(map(str, shape[1:]))
        rows.append((type(layer).__name__, gives, f"{count:,}"))
        total += count
    rows.append((f"total, {dtype}", "", f"{total:,}"))
    name, gives_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{a:<{name}}  {b:<{gives_width}}  {c:>10}" for a, b, c in rows)
