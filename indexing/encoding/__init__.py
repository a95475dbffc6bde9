"""Encoding texts: dense and sparse vectors, and where the model's files lie."""
