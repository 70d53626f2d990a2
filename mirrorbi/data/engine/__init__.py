"""The embedded engine, and what is asked of it directly."""
