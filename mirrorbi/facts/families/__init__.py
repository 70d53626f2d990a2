"""One module per family of facts."""
