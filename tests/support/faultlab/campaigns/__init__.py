"""Campaigns: each lets one kind of fault strike many times and returns rows of the table."""
