"""How good a model is, in numbers, in pictures and in sentences that open or close the gates to promotion."""
