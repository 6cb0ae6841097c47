"""From what is known to the recorded decision, with what it rests on, and back."""
