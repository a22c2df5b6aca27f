"""What is owed: the book read from files, kept as snapshot and events, and reckoned to the cent."""
