"""Open Bandit Dataset (Saito, Aihara, Matsutani and Narita, arXiv:2008.07146): fashion items shown on a shop's page.

Every row is one item shown at one of three positions, with the probability at which the policy showed it there, which
is kept as logged. The policies are one that chose evenly at random and Thompson sampling. There are no ``hold`` rows:
some item was always shown.

Campaigns and policies are told by content: a campaign by its number of items (34 men, 46 women, 80 all), the random
policy by one propensity for all rows. Items of two campaigns are different actions. Item features are hashed
differently beside each policy's log but map one to one, so one set is kept: beside the random policy where that is
there. Only what is known before the item is shown is kept: the user's features, the position, and how many items the
user had clicked on before (the source counts these per item).

Users have no id, so each impression is a customer of its own, in the shop's time zone. The position is context. A click
is worth 1 and showing costs nothing: values relative to one another, not money. It is recorded a second after the
impression and counts within an hour.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from heed.decisioning.errors import ContractError
from heed.training.adapters.common_columns import outcomes_after, sequential_ids
from heed.training.adapters.source_files import SourceFile, load_source, scan_sources, sources_with_columns
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames
from heed.training.contract.table_schemas import TIME

CAMPAIGNS = {34: "men", 46: "women", 80: "all"}
POSITIONS = {1: "left", 2: "centre", 3: "right"}
USER = ("user_feature_0", "user_feature_1", "user_feature_2", "user_feature_3")
LOG = ("timestamp", "item_id", "position", "click", "propensity_score", *USER)
ITEM = ("item_id", "item_feature_0", "item_feature_1", "item_feature_2", "item_feature_3")
AFFINITY = "user-item_affinity_"


@dataclass(frozen=True, eq=False)
class CampaignLog:
    """One policy's log of one campaign, and the features of its items where they lie beside it."""

    campaign: str
    policy: str
    rows: pd.DataFrame
    items: pd.DataFrame

    @property
    def name(self) -> str:
        """Campaign and policy, which no two logs share."""
        return f"{self.campaign}-{self.policy}"


def adapt(source: Path) -> EngagementData:
    """Engagement data from the logs at a file or below a folder, CSV or Parquet, any number of campaigns and policies.

    Raises
    ------
    ContractError
        If no file has the columns, one log is found twice, or a row has a value it cannot have.
    """
    logs = _distinct(_logs(scan_sources(source)))
    contacts = pd.concat([_contacts(log) for log in logs], ignore_index=True)
    return from_frames(
        actions=_actions(logs),
        customers=pd.concat([_customers(log) for log in logs]),
        contacts=contacts.drop(columns="click"),
        outcomes=outcomes_after(contacts[contacts["click"] == 1], "click", after=pd.Timedelta(seconds=1)),
    )


def _logs(sources: tuple[SourceFile, ...]) -> Iterator[CampaignLog]:
    contexts = {source.path.parent: source for source in sources if source.columns.issuperset(ITEM)}
    for source in sources_with_columns(sources, LOG, "the Open Bandit Dataset"):
        rows = load_source(source)
        beside = contexts.get(source.path.parent)
        count = sum(name.startswith(AFFINITY) for name in rows.columns) or int(rows["item_id"].max()) + 1
        items = pd.DataFrame({"item_id": np.arange(count)})
        if beside is not None:
            items = items.merge(load_source(beside)[list(ITEM)], on="item_id", how="left")
        policy = "random" if rows["propensity_score"].nunique() == 1 else "thompson"
        yield CampaignLog(CAMPAIGNS.get(count, f"items{count}"), policy, rows, items)


def _distinct(logs: Iterable[CampaignLog]) -> list[CampaignLog]:
    ordered = sorted(logs, key=lambda log: log.name)
    names = [log.name for log in ordered]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        remedy = "name the file or folder of one of them"
        raise ContractError("duplicate log of one campaign and policy", field="source", value=twice, remedy=remedy)
    return ordered


def _actions(logs: list[CampaignLog]) -> pd.DataFrame:
    items = pd.concat([log.items.assign(campaign=log.campaign) for log in logs], ignore_index=True)
    # Sorted by name, the random policy comes first within a campaign.
    items = items.drop_duplicates(["campaign", "item_id"])
    return items.drop(columns="item_id").assign(
        action_id=_item(items["campaign"], items["item_id"]),
        channel="web",
        purpose="marketing",
        category="fashion",
        value=1.0,
        cost=0.0,
        outcome="click",
        window_days=1 / 24,
    )


def _item(campaign: pd.Series | str, item: pd.Series) -> pd.Series:
    return campaign + "-" + item.astype("str").str.zfill(2)


def _customers(log: CampaignLog) -> pd.DataFrame:
    clicks = log.rows.filter(regex=f"^{AFFINITY}").sum(axis=1)
    return log.rows[list(USER)].assign(
        customer_id=sequential_ids(f"user-{log.name}", len(log.rows)),
        time_zone="Asia/Tokyo",
        jurisdiction="JP",
        clicks_before=clicks,
    )


def _contacts(log: CampaignLog) -> pd.DataFrame:
    rows = log.rows
    at = pd.to_datetime(rows["timestamp"], format="ISO8601", utc=True).astype(TIME)
    return pd.DataFrame(
        {
            "contact_id": sequential_ids(f"impression-{log.name}", len(rows)),
            "customer_id": sequential_ids(f"user-{log.name}", len(rows)),
            "action_id": _item(log.campaign, rows["item_id"]),
            "at": at,
            "propensity": rows["propensity_score"],
            "policy": log.policy,
            "observed_until": at + pd.Timedelta(hours=1),
            "position": rows["position"].map(POSITIONS),
            "click": rows["click"],
        }
    )
