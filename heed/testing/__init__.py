"""A heed for tests of other systems."""
