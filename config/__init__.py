"""Typed settings and the YAML file that users edit; the bottom layer."""
