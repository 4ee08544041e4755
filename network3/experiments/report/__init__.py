"""The page that holds the book's numbers against ours: one file of HTML with everything inside."""

from .comparison import Comparison as Comparison
from .comparison import compare as compare
from .markdown import markdown as markdown
from .page import write_report as write_report
