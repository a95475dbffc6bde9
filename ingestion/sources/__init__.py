"""Where documents come from: the protocol and the sources there are."""
