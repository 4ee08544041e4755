"""Settings of Sphinx for the site that ``make docs`` builds into build/docs."""

import shutil
import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path[:0] = [str(Path(__file__).parent / "extensions"), str(Path(__file__).parent / "sheets")]

shutil.rmtree(Path(__file__).parent / "reference" / "generated", ignore_errors=True)  # stubs of earlier builds

project = "network3"
author = "the authors of network3"
copyright = "the authors of network3, MIT licence"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
    "mathml",
    "repository_links",
]
exclude_patterns = ["_templates"]
templates_path = ["_templates"]

# Docstrings
default_role = "py:obj"
add_module_names = False
autodoc_mock_imports = ["torch"]  # large, and needed by a few functions only
autodoc_typehints = "none"  # the docstrings have types, with shapes
autodoc_class_signature = "mixed"
autodoc_default_options = {"members": True, "special-members": "__call__"}
autosummary_ignore_module_all = False
numpydoc_show_class_members = False  # autodoc lists them
numpydoc_xref_param_type = False

# Pages and notebooks
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_output_stderr = "remove"  # on a slow machine: what takes longer than a second

# The site: everything it needs is in its folder, so that it can be read without a network.
html_theme = "pydata_sphinx_theme"
html_title = "network3"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def leave_out_requests_of_sklearn(
    app: Sphinx, kind: str, name: str, value: object, skip: bool, options: object
) -> bool:
    """Leave out the methods that scikit-learn adds to each estimator: their docstrings link its own pages."""
    return skip or (name.startswith("set_") and name.endswith("_request"))


def setup(app: Sphinx) -> None:
    """Connect what is particular to this site."""
    app.connect("autodoc-skip-member", leave_out_requests_of_sklearn)
