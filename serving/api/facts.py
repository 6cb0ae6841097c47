"""Routes for facts and customers. Ingest is in bulk, idempotent, and all or nothing per request."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from heed.serving.api.dependencies import UseCases
from heed.serving.api.query_params import reject_unknown_params
from heed.serving.api.request_body import json_body
from heed.serving.api.response_models import CustomerView
from heed.serving.auth.routes import requires
from heed.serving.auth.scopes import Scope
from heed.serving.facts import ErasureResult, Export, IngestResult, MergeResult, SharedContactPoints
from heed.serving.http.paths import CUSTOMER, EXPORT, MERGE
from heed.serving.schemas.customer_requests import CustomersIn, MergeRequest
from heed.serving.schemas.fact_requests import ConsentsIn, ContactsIn, ObjectionsIn, OutcomesIn, SignalsIn
from heed.serving.schemas.fields import PersonId

router = APIRouter(tags=["facts"], dependencies=[Depends(reject_unknown_params)])


@router.post("/v1/customers", summary="Record customers")
@requires(Scope.FACTS)
async def customers(body: Annotated[CustomersIn, json_body(CustomersIn)], services: UseCases) -> IngestResult:
    """Create or update customers; omitted fields stay unchanged."""
    return await services.facts.record_customers(body)


@router.post("/v1/consents", summary="Record consents and withdrawals")
@requires(Scope.FACTS)
async def consents(body: Annotated[ConsentsIn, json_body(ConsentsIn)], services: UseCases) -> IngestResult:
    """Record consent statements; once this returns, a withdrawal binds every decision."""
    return await services.facts.record_consents(body)


@router.post("/v1/signals", summary="Record signals")
@requires(Scope.FACTS)
async def signals(body: Annotated[SignalsIn, json_body(SignalsIn)], services: UseCases) -> IngestResult:
    """Record observed events."""
    return await services.facts.record_signals(body)


@router.post("/v1/contacts", summary="Record contacts made or failed")
@requires(Scope.FACTS)
async def contacts(body: Annotated[ContactsIn, json_body(ContactsIn)], services: UseCases) -> IngestResult:
    """Record contacts: heed's own execute or release their reservation; those of other tools count as well."""
    return await services.facts.record_contacts(body)


@router.post("/v1/objections", summary="Record objections to marketing")
@requires(Scope.FACTS)
async def objections(body: Annotated[ObjectionsIn, json_body(ObjectionsIn)], services: UseCases) -> IngestResult:
    """Record objections: once this returns, no marketing is scored for or sent to whom they concern."""
    return await services.facts.record_objections(body)


@router.post("/v1/outcomes", summary="Record outcomes")
@requires(Scope.FACTS)
async def outcomes(body: Annotated[OutcomesIn, json_body(OutcomesIn)], services: UseCases) -> IngestResult:
    """Record what happened; an opt-out, unsubscribe or complaint withdraws consent at once."""
    return await services.facts.record_outcomes(body)


@router.post(
    MERGE,
    summary="Merge another customer into this one",
)
@requires(Scope.FACTS)
async def merge(
    customer_id: PersonId, body: Annotated[MergeRequest, json_body(MergeRequest)], services: UseCases
) -> MergeResult:
    """Move all facts of the other customer to this one; its id becomes an alias, and no consent is widened."""
    return await services.facts.merge(customer_id, body.from_)


@router.get(EXPORT, summary="Export everything held about a customer")
@requires(Scope.EXPORT)
async def export(customer_id: PersonId, services: UseCases) -> Export:
    """Everything in the ledger about one customer, including decisions, their reasons and the facts they used."""
    return services.facts.export(customer_id)


@router.delete(CUSTOMER, summary="Erase a customer")
@requires(Scope.ERASE)
async def erase(
    customer_id: PersonId,
    services: UseCases,
    shared: Annotated[SharedContactPoints, Query()] = SharedContactPoints.STRIKE,
) -> ErasureResult:
    """Erase a customer. Decisions stay on record without them, and they get no marketing if they come back.

    Customers who share a contact point with them get no marketing there either, and are counted in the response;
    `shared=spare` leaves shared contact points alone.
    """
    return await services.facts.erase(customer_id, shared)


@router.get(CUSTOMER, summary="A customer and their timeline")
@requires(Scope.CUSTOMERS)
def customer(customer_id: PersonId, services: UseCases) -> CustomerView:
    """The record of one customer, with their timeline, newest first."""
    timeline = services.facts.timeline(customer_id)
    known = timeline.snapshot.customer
    return CustomerView(
        customer_id=known.customer_id,
        attributes=dict(known.attributes),
        time_zone=known.time_zone,
        jurisdiction=known.jurisdiction,
        contact_points=known.contact_points,
        consents=known.consents,
        suppressions=known.suppressions,
        objections=known.objections,
        identity=known.identity,
        reported_at=known.reported_at,
        timeline=timeline.entries,
    )
