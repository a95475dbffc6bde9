"""From words with places to paragraphs, headings, lists and tables in reading order."""
