"""What a score means on one collection, and whether that still holds."""
