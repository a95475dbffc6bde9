"""Text out of pictures: page images prepared with Pillow and read by Tesseract."""
