from . import backends as backends
