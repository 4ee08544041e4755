"""The book's numbers reproduced: the tasks, the processes that carry them out, and the records."""

from .parts import Part as Part
from .parts import parse_part as parse_part
from .pool import Finished as Finished
from .pool import reproduce as reproduce
from .records import Record as Record
from .records import read_all as read_all
from .records import read_records as read_records
from .tasks import Task as Task
from .tasks import choose as choose
from .votes import vote_accuracies as vote_accuracies
