"""The HTTP face: one FastAPI application, mounted beside the BentoML service's own calls."""
