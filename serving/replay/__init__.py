"""What a decision rested on, and making it again: as it was, or under another policy."""
