"""The command line, one module a command."""

from .app import app as app
from .app import main as main
