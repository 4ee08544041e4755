"""Estimators for scikit-learn, whose pipelines, searches and cross-validation train networks with them.

Importing this package loads scikit-learn, which ``pip install 'network3[sklearn]'`` installs.
"""

from .requirement import check_version

check_version()

from .classifier import NetworkClassifier as NetworkClassifier  # noqa: E402  # imports what is checked above
from .regressor import NetworkRegressor as NetworkRegressor  # noqa: E402
