"""The sweep: what is asked, what it shares, and how its facts are ranked."""
