"""heed's probabilities and choices beside those of the peers that a user would pick instead."""
