"""MNIST, readers and writers of data sets, and transforms of images, all as NumPy arrays."""

from .checks import check_pair as check_pair
from .formats.idx import read_idx as read_idx
from .formats.pickles import read_pickle as read_pickle
from .formats.write import write_npz as write_npz
from .formats.write import write_pickle as write_pickle
from .mnist import load_mnist as load_mnist
from .readers import read as read
from .transforms.deform import deform as deform
from .transforms.expand import expand as expand
