"""The typed parameters of a notebook, and its secrets."""
