"""Review cases: a person settles what heed was not sure of."""

from heed.serving.ledger.reviews import ReviewCase, ReviewSort, ReviewState
from heed.serving.reviews.service import ReviewService

__all__ = ["ReviewCase", "ReviewService", "ReviewSort", "ReviewState"]
