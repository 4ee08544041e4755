"""``network3 export MODEL``: a network as an ONNX file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from network3.experiments.folder import Folder
from network3.network import load

from .border import border
from .folders import found_model


def export(
    model: Annotated[Path, typer.Argument(help="A file or folder of network3 train, or the name of its run.")],
    out: Annotated[
        Path | None, typer.Option(help="The file; by default beside the network, with the ending .onnx.")
    ] = None,
) -> None:
    """Write a network as an ONNX file, for phones, browsers and other programs.

    The file computes the outputs of the network for any number of images, with numbers of 0 to 1 for gray levels.
    """
    with border():
        from network3.onnx import export as export_onnx

        model = found_model("export", model)
        source = Folder(model).model if model.is_dir() else model
        file = source.with_suffix(".onnx") if out is None else out
        net = load(source)
        export_onnx(net, file)
        inputs, (_, *outputs) = net.layers[0].input_shape, net.shapes[-1] or (None,)
        typer.echo(f"{file}: from images {_shape(inputs)} to output {_shape(outputs)}.")


def _shape(example: Iterable[int]) -> str:
    return f"({', '.join(['batch', *map(str, example)])})"
