"""One figure per kind of fact, with a title that says the finding."""
