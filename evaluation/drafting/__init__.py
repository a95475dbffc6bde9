"""Drafts a golden set from a collection; a person reviews it before anything relies on it."""
