"""``theano.gpuarray``: what programs for its GPU back end imported."""

from . import dnn as dnn
