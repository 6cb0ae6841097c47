"""Review cases: a person decides where heed was not confident enough."""

from heed.serving.ledger.reviews import ReviewCase, ReviewSort, ReviewState
from heed.serving.reviews.service import ReviewService

__all__ = ["ReviewCase", "ReviewService", "ReviewSort", "ReviewState"]
