"""Business numbers explained, in notebooks, with figures that can be recomputed."""
