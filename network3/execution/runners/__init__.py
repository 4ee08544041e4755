"""The runners of each back end; see `network3.execution.runner`."""
