"""Bytes → elements, each document in a child process with limits."""
