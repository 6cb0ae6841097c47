"""Certificates: the confidence above which heed may act without review, by Learn then Test."""
