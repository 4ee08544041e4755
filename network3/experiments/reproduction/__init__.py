"""The book's numbers made anew: which, by whom, and the record of each."""

from .pool import Finished as Finished
from .pool import reproduce as reproduce
from .records import Record as Record
from .records import read_records as read_records
from .tasks import Task as Task
from .tasks import choose as choose
