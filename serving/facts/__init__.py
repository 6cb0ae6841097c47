"""Facts about customers: what was reported of them, what is held, and their rights over it."""

from heed.serving.facts.service import FactService
from heed.serving.ledger.facts.ingest import IngestResult
from heed.serving.ledger.merge import MergeResult
from heed.serving.ledger.privacy.access import Export
from heed.serving.ledger.privacy.erasure import ErasureResult, SharedContactPoints
from heed.serving.ledger.timeline import Timeline, TimelineEntry

__all__ = [
    "ErasureResult",
    "Export",
    "FactService",
    "IngestResult",
    "MergeResult",
    "SharedContactPoints",
    "Timeline",
    "TimelineEntry",
]
