"""Holding what a text claims against evidence, one statement at a time."""
