"""Feature definitions, from which training and serving compute bit-equal values."""
