"""Measurements, each a command; `python -m benchmarks` runs some of them one after the other."""
