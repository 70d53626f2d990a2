"""Cubes: mergeable aggregates, made in one scan, rolled up and kept."""
