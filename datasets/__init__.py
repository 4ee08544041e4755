"""MNIST, readers and writers of data sets, and transforms of images, all as NumPy arrays."""

from .checks import check_pair as check_pair
from .data_set import DataSet as DataSet
from .formats.csv_table import read_csv as read_csv
from .formats.idx import read_idx as read_idx
from .formats.image_folder import read_image_folder as read_image_folder
from .formats.pickles import read_pickle as read_pickle
from .formats.write import write_npz as write_npz
from .formats.write import write_pickle as write_pickle
from .from_arrays import from_arrays as from_arrays
from .mnist import load_mnist as load_mnist
from .published import load as load
from .readers import read as read
from .transforms.deform import deform as deform
from .transforms.expand import expand as expand
