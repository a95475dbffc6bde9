"""The vector store: one protocol, two real adapters."""
