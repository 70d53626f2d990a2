"""Sources, semantic model, queries and cubes: from data to aggregates."""
