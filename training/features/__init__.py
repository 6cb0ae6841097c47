"""Features by declaration: one definition, from which training and serving compute the same bits."""
