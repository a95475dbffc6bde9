"""Helpers that tests of several folders share; nothing here is collected as a test."""
