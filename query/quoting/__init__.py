"""Quoting the sentences that answer, with exact offsets."""
