"""Parsing and embedding outside the process of the run: on its machine, or on many."""
