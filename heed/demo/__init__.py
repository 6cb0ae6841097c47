"""A demo home made from nothing."""
