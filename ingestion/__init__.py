"""Source → bytes → elements → clean text → chunks; knows no database and no orchestrator."""
