"""What the request log and the feedback on it say about what should be mended."""
