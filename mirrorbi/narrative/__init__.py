"""Written analysis: sentences with slots, and the narrators that choose them."""
