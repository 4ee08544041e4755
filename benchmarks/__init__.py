"""How long training takes, for the book's documented configurations."""
