"""The fault laboratory: real runs in child processes that are disturbed, and the audit after."""
