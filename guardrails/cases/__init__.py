"""Policy cases as data files: facts in, expected effect and decisive rules out."""
