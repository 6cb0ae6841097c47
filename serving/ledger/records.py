"""What the ledger is handed to keep, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from heed.decisioning.customer import Contact, ContactState, Customer, Volume
from heed.decisioning.decision import Disposition
from heed.serving.errors import CustomerErased

Windows = tuple[timedelta, ...]
StillAllowed = Callable[[datetime, tuple[Volume, ...] | None], bool]


@dataclass(frozen=True, slots=True)
class CustomerSnapshot:
    """A customer as far as the ledger knows them, at one version.

    Attributes
    ----------
    version : int
        Grows with every fact about the customer; 0 for one the ledger has never heard of.
    exists : bool
        False where the ledger knows nothing; `customer` then holds the id alone.
    """

    customer: Customer
    version: int
    exists: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was expected of an act when it was decided.

    Attributes
    ----------
    outcome : str
        The type of outcome that counts.
    propensity : float
        The probability of it that was stated, in [0, 1].
    until : datetime
        When its window ends.
    """

    outcome: str
    propensity: float
    until: datetime


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review case to be opened with a decision, when it expires to hold, and what a person may save by it.

    Attributes
    ----------
    shortfall : float or None
        What the choice is expected to be worth less than the best, in the catalogue's currency; None if unknown.
    """

    review_id: str
    expires_at: datetime
    shortfall: float | None = None


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision made and not yet recorded.

    Attributes
    ----------
    seen_version : int
        The customer's version that the decision was made on.
    client, idempotency_key, fingerprint : str
        Who asked, under which key (None for none), and a digest of what was asked.
    answer : bytes
        The JSON answer, UTF-8, kept as it will be sent.
    receipt : bytes
        Enough to decide again.
    reservation_id, reservation : str, Contact
        The contact slot that an act takes; its time is set by the ledger's clock.
    review : NewReview or None
        The case that a review opens.
    cost : float
        What the contact costs, in the catalogue's currency, for budgets.
    outbox : str or None
        The message for the executor, where the act is to be handed to one.
    still_allowed : callable or None
        Asked inside the transaction with the ledger's own clock: may the decision stand at this moment, with what all
        customers were contacted with by then?
    windows : tuple of timedelta or None
        The windows in which volumes are counted for that question; None where no rule asks for them.
    forecast : Forecast or None
        What is expected of an act, so that it can be seen whether it comes true.

    Raises
    ------
    ValueError
        If the parts contradict the disposition: only an act takes a slot, only a review opens a case.
    """

    decision_id: str
    customer_id: str
    seen_version: int
    client: str
    idempotency_key: str | None
    fingerprint: str
    at: datetime
    disposition: Disposition
    action_id: str | None
    proposed_action_id: str | None
    answer: bytes
    receipt: bytes
    model_version: str
    policy_hash: str
    reservation_id: str | None = None
    reservation: Contact | None = None
    cost: float = 0.0
    review: NewReview | None = None
    outbox: str | None = None
    still_allowed: StillAllowed | None = None
    windows: Windows | None = None
    forecast: Forecast | None = None

    def __post_init__(self) -> None:
        acts = self.disposition is Disposition.ACT
        if acts != (self.reservation is not None) or acts != (self.reservation_id is not None):
            raise ValueError(f"an act, and nothing else, takes a slot; this is `{self.disposition}`")
        if (self.disposition is Disposition.REVIEW) != (self.review is not None):
            raise ValueError(f"a review, and nothing else, opens a case; this is `{self.disposition}`")
        if self.outbox is not None and not acts:
            raise ValueError(f"only an act is handed to an executor; this is `{self.disposition}`")


@dataclass(frozen=True, slots=True)
class DecisionReceipt:
    """A decision as a comparison of policies needs it, with its receipt.

    Attributes
    ----------
    contacted_action_id : str or None
        The action of the slot that it, or its review, took; None where none was taken.
    receipt : bytes or None
        None once the customer was erased.
    """

    decision_id: str
    at: datetime
    disposition: Disposition
    action_id: str | None
    contacted_action_id: str | None
    policy_hash: str
    receipt: bytes | None


@dataclass(frozen=True, slots=True)
class CommitResult:
    """A decision that is in the ledger; `replayed` if it was there before under the same key."""

    decision_id: str
    answer: bytes
    replayed: bool


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision as recorded, with where its slot and its review case stand now.

    Attributes
    ----------
    idempotency_key : str or None
        The keyed hash of it.
    customer_id, kept : str, bytes
        None once the customer was erased.
    contact_state : ContactState or None
        State of the slot taken by the decision or by its review; None where none was taken.
    review_id : str or None
        The review case it opened.
    """

    decision_id: str
    at: datetime
    client: str
    idempotency_key: str | None
    customer_id: str | None
    disposition: Disposition
    action_id: str | None
    proposed_action_id: str | None
    model_version: str
    policy_hash: str
    kept: bytes | None
    contact_state: ContactState | None
    review_id: str | None

    @property
    def answer(self) -> bytes:
        """The answer as it was sent.

        Raises
        ------
        CustomerErased
            If the customer was erased since.
        """
        if self.kept is None:
            raise CustomerErased(
                "the customer of this decision was erased", field="decision_id", value=self.decision_id
            )
        return self.kept


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something that decisions rest on, kept under the hash of its own text.

    Attributes
    ----------
    kind : str
        ``policy`` or ``catalogue``.
    digest : str
        SHA-256 of the text in UTF-8, as 64 hexadecimal digits.
    """

    kind: str
    digest: str
    text: str


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message that waits for the executor."""

    outbox_id: str
    decision_id: str
    contact_id: str
    action_id: str
    kind: str
    payload: str
    created_at: datetime
