"""heed's service with a fault planted into every worker: it answers before it commits, as nobody should."""

from benchmarks.crashes.server import answer_before_commit
from heed.serving.bento import Heed

answer_before_commit()

__all__ = ["Heed"]
