"""Files of other programs: what they are, by their first bytes or their names, and how to read them in Python."""

import gzip
import re
import zipfile
import zlib
from itertools import islice
from pathlib import Path

HEAD = 2048  # bytes that are examined
MOST_PATHS = 10_000  # in a folder
SAVE = "np.savez('data.npz', x_train=..., y_train=..., x_test=..., y_test=...)"
READABLE = "the book's pickle, a folder of IDX files, or an .npz file"
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
IMAGE = (
    "an image",
    "Read each image with network3.datasets.photos.own_images.read_grayscale and join them with np.stack",
)
PICKLE = re.compile(rb"[(\])}]|c[\w.]+\n\w+\n")  # how a pickle of Python 2 begins that is text
HEADER = re.compile(rb"[A-DF-Za-df-z_]")  # 1e-05 is a number
NO_NUMBER = re.compile(rb"\b(nan|inf|infinity)\b", re.IGNORECASE)
TABLE = re.compile(rb"\d\s*[,;\t]|[,;\t]\s*\d|\d\s+\d")
IDX = ("a single IDX file", "Pass the folder with the four files, {folder}")
JSON = ("JSON", "Read it with json.load and make arrays of its lists with np.asarray")
PYTORCH = (
    "a file of PyTorch",
    "Read it with torch.load({path}), convert its tensors with .numpy()",
)
HDF5 = ("an HDF5 file", "Read its arrays with h5py.File({path})")
ARCHIVE = ("an archive", "Unpack it, and pass what it contains")

STARTS = (
    (b"\x93NUMPY", ("a single NumPy array", "Read it with np.load({path})")),
    (b"\x89HDF\r\n\x1a\n", HDF5),
    (b"MATLAB 5.0 MAT-file", ("a MATLAB file", "Read its arrays with scipy.io.loadmat({path})")),
    (b"MATLAB 7.3 MAT-file", HDF5),
    (b"PAR1", ("a Parquet table", "Read it with pandas.read_parquet({path}).to_numpy()")),
    *((start, IMAGE) for start in (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")),
    *((start, IMAGE) for start in (b"P2\n", b"P3\n", b"P5\n", b"P6\n")),
    *((start, IDX) for start in (b"\0\0\x08\x01", b"\0\0\x08\x02", b"\0\0\x08\x03", b"\0\0\x08\x04")),
    *((start, ARCHIVE) for start in (b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")),
    (b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", PYTORCH),  # written before its version 1.6
    (b"version https://git-lfs", ("a pointer of Git LFS", "Fetch the file itself with git lfs pull")),
    (b"<", ("a page of the web, or XML", "Download the file again, from the address of the file itself")),
)
NAMES = {
    **dict.fromkeys((".pt", ".pth"), PYTORCH),
    ".json": JSON,
    **dict.fromkeys((".h5", ".hdf5", ".keras"), HDF5),
    ".onnx": ("a network in ONNX", "It holds no data: pass the data that it was trained on"),
    ".safetensors": ("a network", "If net.save wrote it, network3.load({path}) reads it"),
    ".mat": ("a MATLAB file", "Read its arrays with scipy.io.loadmat({path})"),
}
TEXTS = (".csv", ".tsv", ".txt", ".dat", ".arff")


def describe(path: Path) -> tuple[str, str] | None:
    """Return what a file that cannot be read is, and a hint, for an error message; None if it is not recognized.

    Parameters
    ----------
    path : Path
        An existing file, gzipped or plain.
    """
    found = _recognize(path)
    if found is None:
        return None
    kind, how = found
    then = f", and pass (images, labels) to SGD, or save them with {SAVE}" if how.startswith("Read ") else ""
    return kind, f"{how.format(path=repr(str(path)), folder=path.parent)}{then}. network3 reads {READABLE}."


def _recognize(path: Path) -> tuple[str, str] | None:
    head, name = _head(path), path.name.lower().removesuffix(".gz")
    if head.startswith(b"PK\x03\x04"):
        return _archived(path)
    for start, found in STARTS:
        if head.startswith(start):
            return found
    if head[257:262] == b"ustar":
        return ARCHIVE
    suffix = Path(name).suffix
    if suffix in NAMES:
        return NAMES[suffix]
    if re.match(rb"(\xef\xbb\xbf)?\s*[{[]", head) and _is_text(head):
        return JSON
    is_text = _is_text(head) or (suffix in TEXTS and head and b"\0" not in head)  # of another encoding
    return _table(head) if is_text and TABLE.search(head.replace(b"\0", b"")) and not PICKLE.match(head) else None


def _table(head: bytes) -> tuple[str, str]:
    """Return what a file is that begins with `head`, text in columns, and how NumPy reads it."""
    first = head.replace(b"\0", b"").split(b"\n")[0]
    separator = next((char for char in ";\t," if char.encode() in first), "")
    options = f", delimiter={separator!r}" if separator else ""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        options += ", encoding='utf-16'"
    elif not _is_text(head):
        options += ", encoding='latin-1'"
    options += ", skiprows=1" if HEADER.search(NO_NUMBER.sub(b"", first)) else ""
    return "text in columns, such as CSV", f"Read it with np.loadtxt({{path}}{options})"


def _head(path: Path) -> bytes:
    """Return the first bytes of a file, decompressed; those that can be read, if it is damaged."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.startswith(b"\x1f\x8b"):
        return head
    try:
        with path.open("rb") as file, gzip.GzipFile(fileobj=file) as unzipped:
            return unzipped.read(HEAD)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b""


def _archived(path: Path) -> tuple[str, str]:
    """Return what a zip file is: PyTorch and NumPy write such files too."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):  # the last for versions of zip to come
        names = []
    if names and all(name.endswith(".npy") for name in names):
        return "arrays of np.savez", "Pass a file whose name ends in .npz"
    if any(name.endswith("data.pkl") for name in names):
        return PYTORCH
    if any(name.startswith("xl/") for name in names):
        return "an Excel file", "Save it as CSV, and read that with np.loadtxt"
    return ARCHIVE


def _is_text(head: bytes) -> bool:
    """Return whether these bytes are printable text, in UTF-8, or in UTF-16 as Excel writes it."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # otherwise the last character was cut
            return False
        text = head[: error.start].decode("utf-8")
    return bool(text) and all(char.isprintable() or char in "\r\n\t\ufeff" for char in text)


def folder_hint(folder: Path) -> str:
    """Return a hint for a folder without the files of a data set, by what else is in it."""
    paths = sorted(islice(folder.rglob("*"), MOST_PATHS))
    if any(path.suffix.lower() in IMAGES for path in paths):
        return f"{IMAGE[1]}, and pass (images, labels) to SGD, or save them with {SAVE}: a folder has no labels."
    readable = [path for path in paths if path.suffix == ".npz" or path.name.endswith((".pkl", ".pkl.gz"))]
    if readable:
        return f"Pass the file, e.g. {str(readable[0])!r}."
    nested = [path for path in paths if "idx" in path.name]
    if nested:
        return f"Pass the folder that contains the files, e.g. {str(nested[0].parent)!r}."
    return f"Pass the folder that contains the file, or add the file. network3 reads {READABLE}."
