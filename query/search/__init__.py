"""From a question to ranked chunks: encoding, both lists, one order, under the reader's filter."""
