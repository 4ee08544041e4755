"""Files: saved networks, atomic writes, JSON with a format number, versions of packages."""
