"""Trained networks: an encoder with heads, and the files of weights that are loaded into it."""
