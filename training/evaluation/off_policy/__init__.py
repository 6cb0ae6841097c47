"""What a policy would have been worth, from logged contacts."""
