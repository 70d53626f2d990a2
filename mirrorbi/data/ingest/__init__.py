"""From files and frames to a table that the engine can ask."""
