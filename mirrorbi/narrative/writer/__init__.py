"""The narrator that asks Claude: words and facts are chosen there, checked and filled here."""
