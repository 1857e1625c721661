"""Meaning: what each segment is, what it is called, what to do with it."""
