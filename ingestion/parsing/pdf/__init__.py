"""PDF through pdfium: what is drawn, what of it can be seen, and the words with their places."""
