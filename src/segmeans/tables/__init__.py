"""Rows, in the engine that holds them."""
