"""One run from its lease to its report: the sequence, the parse step, the accounts."""
