"""Chunks → embedded, versioned, committed points; the plan, the ledger, the generations."""
