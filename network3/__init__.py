"""The networks of Michael Nielsen's book "Neural Networks and Deep Learning", on PyTensor.

A listing of chapter 6 runs as printed; see the README for what else there is.
"""

from network3.layers import BatchNormLayer as BatchNormLayer
from network3.layers import ConvPoolLayer as ConvPoolLayer
from network3.layers import DropoutLayer as DropoutLayer
from network3.layers import FullyConnectedLayer as FullyConnectedLayer
from network3.layers import GlobalPoolLayer as GlobalPoolLayer
from network3.layers import Layer as Layer
from network3.layers import RegressionLayer as RegressionLayer
from network3.layers import ReLU as ReLU
from network3.layers import SoftmaxLayer as SoftmaxLayer
from network3.layers import dropout_layer as dropout_layer
from network3.layers import linear as linear
from network3.layers import sigmoid as sigmoid
from network3.layers import softmax as softmax
from network3.layers import step as step
from network3.layers import tanh as tanh

from . import optim as optim
from .ensembles.train_many import train_many as train_many
from .ensembles.voting import ensemble as ensemble
from .execution.device import use as use
from .execution.distributed import join_processes as join_processes
from .network import Network as Network
from .network import load as load
from .plotting import plot_errors as plot_errors
from .plotting import plot_filters as plot_filters
from .serve.widget import widget as widget
from .shared_data import load_data_shared as load_data_shared
from .shared_data import size as size
from .training.callbacks import Progress as Progress
from .training.confusion import class_accuracy as class_accuracy
from .training.confusion import confusion_matrix as confusion_matrix
from .training.gradient_norms import GradientNorms as GradientNorms
from .training.gradient_norms import gradient_norms as gradient_norms
from .training.health import DivergenceError as DivergenceError
from .training.health import TrainingWarning as TrainingWarning
from .training.history import History as History
from .training.signals import TrainingInterrupted as TrainingInterrupted
from .training.signals import TrainingTerminated as TrainingTerminated

__version__ = "0.1.0"


def __getattr__(name: str) -> bool:
    if name == "GPU":  # the flag of the original, here whether a GPU is used
        from .execution.device import gpu_in_use

        return gpu_in_use()
    raise AttributeError(f"module 'network3' has no attribute {name!r}")
