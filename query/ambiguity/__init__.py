"""Noticing that a question leaves open which thing, case or value it means."""
