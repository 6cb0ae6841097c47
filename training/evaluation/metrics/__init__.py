"""How well probabilities and rankings hold."""
