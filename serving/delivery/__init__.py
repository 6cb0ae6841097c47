"""Delivery: messages are leased to executors or pushed by webhooks, after guardrails are checked again."""

from heed.serving.delivery.service import DeliveryService, EndpointStatus, OutboxStatus
from heed.serving.ledger.leases import Lease
from heed.serving.ledger.outbox import MessageState, OutboxMessage

__all__ = ["DeliveryService", "EndpointStatus", "Lease", "MessageState", "OutboxMessage", "OutboxStatus"]
