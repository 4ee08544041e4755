"""Several networks: trained at once, and voting together."""
