"""A peer whose library is not installed."""

import a_missing_library  # type: ignore[import-not-found]  # noqa: F401
