"""Reading text without a model: words, sentences, values, identifiers, passages."""
