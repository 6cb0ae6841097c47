"""What must be fast or true, measured side by side."""
