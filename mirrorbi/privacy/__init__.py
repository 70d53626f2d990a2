"""What may leave, who said so, and the proof of it."""
