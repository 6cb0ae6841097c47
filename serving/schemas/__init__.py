"""What callers may send, checked on the way in."""
