"""Keeping an index true: verifying, repairing, garbage, purges, backups."""
