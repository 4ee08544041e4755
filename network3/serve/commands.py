"""What pages can ask the server for, with checked values: `application` has their addresses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from network3.layers.checks import error_message, shown
from network3.network import Network

from .composition import compose, table
from .description import describe, network_weights
from .page import page_text
from .plans import Catalogue, Plan, plan_composed, plan_run, plan_saved, rate
from .saving import check_name, new_folder, save_network
from .session import Session

Given = dict[str, Any]


class Commands:
    """The commands of one server.

    Parameters
    ----------
    session : Session
    catalogue : Catalogue
    root : Path
        The folder in which pages save networks.
    """

    def __init__(self, session: Session, catalogue: Catalogue, root: Path):
        self.session, self.catalogue, self.root = session, catalogue, root

    def compose(self, given: Given) -> Any:
        """Return the shapes and the parameters of ``{"layers": [...]}``."""
        only(given, "layers")
        layers = compose(given.get("layers"))
        return {"layers": table(layers)}

    def start(self, given: Given) -> Any:
        """Begin a training: ``{"run": name}``, ``{"layers": [...]}`` or ``{"again": true}``, and ``"settings"``."""
        only(given, "run", "layers", "cost", "again", "settings")
        self.session.start(self._plan(given))

    def pause(self, given: Given) -> Any:
        """Let the training wait."""
        only(given)
        self.session.pause()

    def resume(self, given: Given) -> Any:
        """Let it go on."""
        only(given)
        self.session.resume()

    def stop(self, given: Given) -> Any:
        """End it."""
        only(given)
        self.session.stop()

    def rates(self, given: Given) -> Any:
        """Set ``{"eta": number, "lmbda": number}``, or one of them."""
        only(given, "eta", "lmbda")
        self.session.set_rates(**{name: rate(name, value) for name, value in given.items()})

    def save(self, given: Given) -> Any:
        """Write the network to a new folder ``{"name": name}``; return its path and files."""
        only(given, "name")
        name = check_name(given.get("name"))

        def write(net: Network) -> dict[str, Any]:
            folder = new_folder(self.root, name)
            return {"folder": str(folder), "files": save_network(net, self.session.history, folder)}

        return self.session.between_chunks(write)

    def network(self) -> Any:
        """Return the description of the network, with its weights."""
        return self.session.between_chunks(self._described)

    def weights(self) -> Any:
        """Return the weights of each layer."""
        return self.session.between_chunks(network_weights)

    def exported(self) -> tuple[str, str]:
        """Return the network as a page in one file, and its name."""
        described = self.session.between_chunks(self._described)
        return page_text([described]), self.session.name or "network"

    def _described(self, net: Network) -> dict[str, Any]:
        return describe(net, self.session.name or "network", self.session.facts())

    def _plan(self, given: Given) -> Plan:
        plans: dict[str, Callable[[], Plan]] = {
            "run": lambda: plan_run(self.catalogue, given["run"], given.get("settings")),
            "layers": lambda: plan_composed(given["layers"], given.get("settings"), given.get("cost")),
            "again": self._again(given.get("settings")),
        }
        chosen = [name for name in plans if given.get(name)]
        if len(chosen) != 1:
            hint = 'Write e.g. {"run": "shallow"}.'
            expected = f"expected one of {', '.join(plans)}"
            raise ValueError(error_message("serve: start", expected, " and ".join(chosen) or "none", hint))
        return plans[chosen[0]]()

    def _again(self, settings: Any) -> Callable[[], Plan]:
        return lambda: self.session.between_chunks(lambda net: plan_saved(net, self.session.name, settings))


def only(given: Given, *names: str) -> Given:
    """Return the values of a request.

    Raises
    ------
    ValueError
        One that the command does not have.
    """
    unknown = sorted(set(given) - set(names))
    if unknown:
        expected = f"expected {', '.join(names)}" if names else "expected no values"
        raise ValueError(error_message("serve", expected, shown(unknown[0]), "Leave it out."))
    return given
