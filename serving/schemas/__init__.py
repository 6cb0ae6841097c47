"""What callers send, validated on the way in, and what they get back."""
