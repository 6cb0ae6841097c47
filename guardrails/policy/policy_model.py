"""The policy as a frozen value, identified by its content: rules, weights, autonomy, declared variables."""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from heed.decisioning.canonical import canonical_json
from heed.decisioning.catalogue import Autonomy
from heed.guardrails.conditions.cel import CelType
from heed.guardrails.field_types import Name, NonNegative, NormalizedName, StrictModel
from heed.guardrails.rules.audit_sample import AuditSample
from heed.guardrails.rules.completeness import CompletenessRule
from heed.guardrails.rules.condition import ConditionRule
from heed.guardrails.rules.confidence import ConfidenceRule
from heed.guardrails.rules.conflict_group import ConflictGroup
from heed.guardrails.rules.consent import ConsentRule
from heed.guardrails.rules.cool_down import CoolDown
from heed.guardrails.rules.eligibility import EligibilityRule
from heed.guardrails.rules.fatigue import FatigueRule
from heed.guardrails.rules.frequency_cap import FrequencyCap
from heed.guardrails.rules.harm_ceiling import HarmCeiling
from heed.guardrails.rules.human_review import HumanReview
from heed.guardrails.rules.identity import IdentityRule
from heed.guardrails.rules.objection import ObjectionRule
from heed.guardrails.rules.open_case import OpenCase
from heed.guardrails.rules.quiet_hours import QuietHours
from heed.guardrails.rules.stop_flag import StopFlag
from heed.guardrails.rules.suppression import SuppressionRule
from heed.guardrails.rules.value_floor import ValueFloor
from heed.guardrails.rules.volume_limit import VolumeLimit

CandidateRule = (
    ConsentRule
    | SuppressionRule
    | ObjectionRule
    | QuietHours
    | FrequencyCap
    | CoolDown
    | OpenCase
    | ConflictGroup
    | VolumeLimit
    | EligibilityRule
    | ConditionRule
    | IdentityRule
    | CompletenessRule
    | HumanReview
    | FatigueRule
)
ChoiceRule = ConfidenceRule | ValueFloor | HarmCeiling | AuditSample
AnyRule = Annotated[CandidateRule | ChoiceRule, Field(discriminator="kind")]


class Vocabulary(StrictModel):
    """Names that scopes may use beyond those of the catalogue, so that one policy fits several catalogues."""

    channels: tuple[NormalizedName, ...] = ()
    purposes: tuple[NormalizedName, ...] = ()
    categories: tuple[NormalizedName, ...] = ()


class TermsSettings(StrictModel):
    """Weights of value, harm and tolerance; see :class:`heed.decisioning.value.ValueTerms`."""

    harm_cost: NonNegative = 0.0
    tolerance: NonNegative = 0.0
    levers: Mapping[Name, NonNegative] = Field(default={}, examples=["{email_bundle: 1.2}"])


class AutonomyCeilings(StrictModel):
    """The highest autonomy of actions. The lower of this and the catalogue's level applies."""

    default: Autonomy = Autonomy.ASSIST
    actions: Mapping[Name, Autonomy] = Field(default={}, examples=["{call_retention: suggest}"])


class EvaluationSettings(StrictModel):
    """Further contents of a model evaluation.

    Attributes
    ----------
    fairness : tuple of str
        Customer attributes by whose groups selection and calibration are compared.
    """

    fairness: tuple[Name, ...] = Field(default=(), examples=["[age, jurisdiction]"])


class SensitiveFeatures(StrictModel):
    """Sensitive customer attributes that a model may use; none without a reason and an owner.

    Attributes
    ----------
    allow_sensitive : tuple of str
        Attributes, in any spelling.
    reason : str or None
        Why, in a sentence. Required, with an owner, where anything is allowed.
    owner : str or None
        Who is responsible for it.
    """

    allow_sensitive: tuple[Name, ...] = Field(default=(), examples=["[health]"])
    reason: Name | None = Field(default=None, examples=["The insurer may ask for it by law."])
    owner: Name | None = Field(default=None, examples=["data-protection-officer"])

    @model_validator(mode="after")
    def _answered_for(self) -> Self:
        if self.allow_sensitive and (self.reason is None or self.owner is None):
            raise ValueError("sensitive attributes are allowed without a `reason` and an `owner`")
        return self


class Policy(StrictModel):
    """A versioned set of rules. What no rule allows is suppressed, so an empty policy suppresses everything.

    Attributes
    ----------
    version : int
        Increased with each change, for people. A policy is identified by its `hash`.
    stop : StopFlag or None
        Stops everything while it is set: a kill switch for those who can only change the policy.
    currency : str or None
        Where given, the catalogue must use it.
    packs : tuple of str
        Jurisdiction packs to include. Loading a policy adds their rules to its own and leaves this empty, so that the
        content of the packs is part of the policy's content.
    context : mapping of str to CelType
        Further variables of conditions, as in ``customer.age: int``, beyond those of heed and the data.
    """

    version: Annotated[int, Field(strict=True, ge=1, examples=["1"])]
    name: Name = Field(examples=["default"])
    stop: StopFlag | None = None
    currency: Name | None = None
    packs: tuple[Name, ...] = Field(default=(), examples=["[eu, us]"])
    vocabulary: Vocabulary = Vocabulary()
    terms: TermsSettings = TermsSettings()
    autonomy: AutonomyCeilings = AutonomyCeilings()
    evaluation: EvaluationSettings = EvaluationSettings()
    features: SensitiveFeatures = SensitiveFeatures()
    context: Mapping[
        Annotated[str, Field(pattern=r"^(action|context|customer)\.[A-Za-z_]\w*$", examples=["customer.age"])], CelType
    ] = {}
    rules: tuple[AnyRule, ...] = Field(examples=["[]"])

    @cached_property
    def content(self) -> bytes:
        """Canonical form, itself a valid policy file, without comments and without defaults that are written out."""
        return canonical_json(self.model_dump(mode="json", by_alias=True, exclude_defaults=True))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the content, as 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()
