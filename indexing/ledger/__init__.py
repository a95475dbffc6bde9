"""The SQL database that knows what exists, what was committed, and what happened in every run."""
