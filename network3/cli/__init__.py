"""The command line, one module per command."""

from .app import app as app
from .app import main as main
