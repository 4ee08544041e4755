"""Files: networks, atomic writes, versioned JSON."""
