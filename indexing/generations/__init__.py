"""Generations: building one beside the live one, gates, promotion, rollback, and time."""
