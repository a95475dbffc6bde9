"""Finding personal data in short texts."""
