"""The HTML report: one file, no script, nothing loaded from anywhere."""
