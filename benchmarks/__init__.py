"""Measurements, each a command: `python -m benchmarks` runs them all and prints the table."""
