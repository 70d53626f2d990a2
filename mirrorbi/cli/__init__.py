"""The command line: a face over the rooms below."""
