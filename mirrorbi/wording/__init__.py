"""Numbers, periods and slots as people read them, in their locale."""
