"""Evaluation reports: a self-contained HTML page, its figures, and sentences for people."""
