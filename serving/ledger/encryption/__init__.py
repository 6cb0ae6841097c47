"""Who is on record: under which ids, under a key of their own, and who was erased."""
