"""Where results go: a small interface, and a local folder behind it."""
