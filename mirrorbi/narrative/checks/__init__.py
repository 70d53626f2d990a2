"""Checks of a text: what a template may hold, and whether its figures are grounded."""
