"""Convert a simulated history to the tables of the data contract."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames
from heed.training.simulator import behavior, logging_policy
from heed.training.simulator.calendar import Calendar, timestamps
from heed.training.simulator.consent_arrays import NEVER
from heed.training.simulator.daily_decisions import HARM_TYPES, DayDecisions
from heed.training.simulator.offer_catalogue import ACTION_IDS, CHANNELS, OUTCOME, actions_frame
from heed.training.simulator.population import Population
from heed.training.simulator.rng import Ints


def engagement_data(
    people: Population, calendar: Calendar, history: pd.DataFrame, signals: pd.DataFrame
) -> EngagementData:
    """The five tables, validated like any other data."""
    return from_frames(
        actions=actions_frame(calendar),
        customers=people.frame,
        signals=signals,
        contacts=contacts_frame(history),
        outcomes=outcomes_frame(history, calendar.stop),
    )


def history_frame(people: Population, days: Sequence[DayDecisions]) -> pd.DataFrame:
    """Every decision with its ground truth, in order of time; contact ids follow that order."""
    frame = pd.concat([_day_frame(decisions) for decisions in days], ignore_index=True)
    frame = frame.sort_values(["at", "customer_index"], kind="stable", ignore_index=True)
    frame.insert(0, "contact_id", _numbered("k", len(frame)))
    frame.insert(1, "customer_id", people.frame["customer_id"].to_numpy()[frame["customer_index"]])
    return frame


def _day_frame(decisions: DayDecisions) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_index": decisions.situation.who,
            "action_index": decisions.action,
            "at": decisions.situation.at,
            "recent_contacts": decisions.situation.recent_contacts,
            "activity": decisions.situation.activity,
            "logged": decisions.logged,
            "admissible": decisions.admissible,
            "propensity": decisions.propensity,
            "resting": decisions.resting,
            "harm": decisions.harm,
            "converted_at": decisions.converted_at,
            "harmed_at": decisions.harmed_at,
            "harm_kind": decisions.harm_kind,
            "value": decisions.value,
        }
    )


def contacts_frame(history: pd.DataFrame) -> pd.DataFrame:
    """The contract's table `contacts`, including hold rows."""
    return pd.DataFrame(
        {
            "contact_id": history["contact_id"],
            "customer_id": history["customer_id"],
            "action_id": np.array(ACTION_IDS)[history["action_index"]],
            "at": timestamps(history["at"].to_numpy()),
            "propensity": history["logged"],
            "policy": logging_policy.NAME,
        }
    )


def outcomes_frame(history: pd.DataFrame, until: int) -> pd.DataFrame:
    """The contract's table `outcomes`: conversions and harms before `until`, in order of time."""
    converted = _outcomes(history, "converted_at", np.full(len(history), OUTCOME), until)
    harmed = _outcomes(history, "harmed_at", np.array(HARM_TYPES)[history["harm_kind"]], until)
    rows = pd.concat([converted, harmed.assign(value=np.nan)], ignore_index=True)
    rows = rows.sort_values(["at", "contact_id", "type"], kind="stable", ignore_index=True)
    return rows.assign(outcome_id=_numbered("o", len(rows)), at=timestamps(rows["at"].to_numpy()))


def _outcomes(history: pd.DataFrame, moment: str, kind: npt.NDArray[np.str_], until: int) -> pd.DataFrame:
    seen = (history[moment] < min(until, NEVER)).to_numpy()
    columns = ["customer_id", "contact_id", moment, "value"]
    return history.loc[seen, columns].rename(columns={moment: "at"}).assign(type=kind[seen])


def signals_frame(people: Population, parts: Sequence[behavior.Signals], until: int) -> pd.DataFrame:
    """The contract's table `signals` before `until`, in order of customer and time."""
    every = behavior.concat_signals(*parts)
    order = np.lexsort((every.kind, every.at, every.who))
    order = order[every.at[order] < until]
    return pd.DataFrame(
        {
            "signal_id": _numbered("s", len(order)),
            "customer_id": people.frame["customer_id"].take(every.who[order]).array,
            "at": timestamps(every.at[order]),
            "type": _names(behavior.TYPES, every.kind[order]),
            "channel": _names(CHANNELS, every.channel[order]),
            "certainty": every.certainty[order],
            "value": every.value[order],
        }
    )


def _names(names: Sequence[str], index: Ints) -> pd.Series:
    return pd.Series(names, dtype="str").take(index).reset_index(drop=True)


def _numbered(letter: str, count: int) -> pd.Series:
    return letter + pd.Series(np.arange(1, count + 1)).astype("str").str.zfill(8)
