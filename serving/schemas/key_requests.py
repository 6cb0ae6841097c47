"""Requests about API keys."""

from typing import Annotated

from pydantic import Field

from heed.serving.auth.scopes import Role, Scope
from heed.serving.schemas.decision_requests import RequestModel
from heed.serving.schemas.fields import Moment


class KeyRequest(RequestModel):
    """A key to create. It has all scopes of its role, or the named subset."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", min_length=1, max_length=63)]
    role: Role
    scopes: Annotated[list[Scope], Field(max_length=len(Scope))] = Field(default_factory=list)
    expires_at: Moment | None = None
