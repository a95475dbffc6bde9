"""Metrics, question sets, calibration, red team: what tells how good a home is; stands on query."""
