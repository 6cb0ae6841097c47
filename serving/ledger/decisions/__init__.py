"""From what is known to the recorded decision, with the artifacts it rests on, and back."""
