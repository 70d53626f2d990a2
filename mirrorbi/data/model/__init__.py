"""The semantic model: what columns mean, read, checked and drafted."""
