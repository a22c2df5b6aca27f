"""Invented books for demos, tests and benches, and what the people in them will do."""
