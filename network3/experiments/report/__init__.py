"""The page that compares the book's numbers with ours: one self-contained HTML file."""

from .comparison import Comparison as Comparison
from .comparison import compare as compare
from .markdown import markdown as markdown
from .page import write_report as write_report
