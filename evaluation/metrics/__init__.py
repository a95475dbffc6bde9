"""Figures of retrieval and of the gate, with intervals and paired comparisons."""
