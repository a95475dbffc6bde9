"""What a run would change, and what it may not: the plan, its guards, its estimates."""
