"""Facts about customers: what was reported of them, what is held, and their rights over it."""

from heed.serving.facts.service import FactService
from heed.serving.ledger.decisions.timeline import Timeline, TimelineEntry
from heed.serving.ledger.facts.merge import MergeResult
from heed.serving.ledger.privacy.access import Export
from heed.serving.ledger.privacy.erasure import ErasureResult, SharedContactPoints
from heed.serving.ledger.reports import IngestResult

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
