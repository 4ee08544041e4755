"""The book's numbers reproduced: the tasks, the processes that carry them out, and the records."""

from .pool import Finished as Finished
from .pool import reproduce as reproduce
from .records import Record as Record
from .records import read_records as read_records
from .tasks import Task as Task
from .tasks import choose as choose
