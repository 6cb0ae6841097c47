"""heed killed without warning, again and again, under clients that repeat what was not answered."""
