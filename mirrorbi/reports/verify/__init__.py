"""Verification: everything that a report says, computed again and compared."""
