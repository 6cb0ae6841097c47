"""Certifying from which confidence on heed may act alone: Learn then Test over recorded contacts."""
