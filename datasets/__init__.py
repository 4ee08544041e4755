"""MNIST, readers for other data sets, and the book's expansion, as NumPy arrays."""

from .checks import check_pair as check_pair
from .deform import deform as deform
from .expand import expand as expand
from .idx import read_idx as read_idx
from .mnist import load_mnist as load_mnist
from .pickles import read_pickle as read_pickle
from .readers import read as read
from .write import write_npz as write_npz
from .write import write_pickle as write_pickle
