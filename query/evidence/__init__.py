"""Which of the chunks found become evidence, and which hold for what is asked."""
