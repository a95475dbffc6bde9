"""How likely the candidates hold the answer: features, the trained reader, both stacked."""
