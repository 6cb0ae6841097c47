"""Delivery: messages are leased to executors or pushed by webhooks, after guardrails are checked again."""

from heed.serving.delivery.service import DeliveryService, EndpointStatus, OutboxStatus
from heed.serving.ledger.outbox.delivery import Lease, MessageState
from heed.serving.ledger.records import OutboxMessage

__all__ = ["DeliveryService", "EndpointStatus", "Lease", "MessageState", "OutboxMessage", "OutboxStatus"]
