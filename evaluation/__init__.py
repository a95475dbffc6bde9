"""Metrics, calibration and training: everything here stands on the layers below and ships apart."""
