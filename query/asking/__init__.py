"""What is asked: the question, its parts, and the conversation that it stands in."""
