"""The page in a notebook: a widget that shows what each layer of a network makes of a drawing."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from network3.layer_protocol import check_network
from network3.layers.calls import keywords_checked
from network3.network import Network

from .bundle import bundle
from .description import describe
from .extras import require
from .page import STATIC, examples

if TYPE_CHECKING:
    import anywidget

# The page fills the cell; changes of the traits reach it as those of a training reach the live page.
RENDER = """
export default {
  render({ model, el }) {
    const root = document.createElement("div");
    root.addEventListener("keydown", (event) => { // in Jupyter a key alone inserts or deletes cells
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
    el.append(root);
    const page = modules["app.js"].start(root, { networks: [model.get("network")], examples: model.get("examples") });
    const show = () => page.replaceNetwork(0, model.get("network"));
    model.on("change:network", show);
    const follow = () => { // the notebook's theme may be another than the system's
      const light = document.body.dataset.jpThemeLight;
      if (light) page.setTheme(light === "true" ? "light" : "dark");
    };
    follow();
    const observer = new MutationObserver(follow);
    observer.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
    return () => {
      observer.disconnect();
      model.off("change:network", show);
    };
  },
};
"""


@keywords_checked("widget")
def widget(net: Network, name: str = "network") -> "anywidget.AnyWidget":
    """Return a widget for Jupyter, in which one draws digits and sees what each layer makes of them.

    Parameters
    ----------
    net : Network
        Of MNIST's digits.
    name : str
        What the widget calls it.

    Returns
    -------
    anywidget.AnyWidget
        With a method ``update()``, which shows the current weights, such as after more training.

    Raises
    ------
    ModuleNotFoundError
        anywidget is missing; names what to install.
    ValueError
        A layer that is not network3's own.

    Examples
    --------
    >>> from network3 import FullyConnectedLayer, SoftmaxLayer
    >>> net = Network([FullyConnectedLayer(n_in=784, n_out=30), SoftmaxLayer(n_in=30, n_out=10)], 10)
    >>> view = widget(net)
    >>> view.update()  # in a later cell, after more training
    """
    require("notebook", "anywidget")
    check_network("widget: net", net)
    described = describe(net, name)
    return _widget_class()(net, described)


@cache
def _widget_class() -> Any:
    """Return the class, made when it is first used: anywidget is an extra."""
    import anywidget
    import traitlets

    class NetworkWidget(anywidget.AnyWidget):
        """See `widget`."""

        _esm = bundle(STATIC, "app.js") + RENDER
        _css = _style(STATIC)
        network = traitlets.Dict().tag(sync=True)
        examples: Any = traitlets.List().tag(sync=True)

        def __init__(self, net: Network, described: dict[str, Any]):
            super().__init__(network=described, examples=examples())
            self.net = net

        def update(self) -> None:
            """Show the current weights."""
            self.network = describe(self.net, self.network["name"])

    return NetworkWidget


def _style(folder: Path) -> str:
    """Return the style of the page without its rules for the whole document, which is the notebook's."""
    lines = (folder / "style.css").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith(("body ", "* ")))
