"""A case that nobody closed is open however long ago it was opened."""

from datetime import timedelta

import pytest

from tests.support.in_process_service import POLICY, running_service

OPEN_CASE = """
  - {id: open-ticket, purpose: First things first., owner: crm, kind: open_case, opened_by: [ticket_opened],
     closed_by: [ticket_closed]}
"""


@pytest.fixture
def heed(tmp_path):
    with running_service(tmp_path, policy=POLICY + OPEN_CASE) as started:
        started.know()
        yield started


EVENTS = pytest.mark.parametrize("event", ["outcome", "signal"])


def happened(heed, event, kind, days):
    at = (heed.clock() - timedelta(days=days)).isoformat()
    told = {f"{event}_id": f"{kind}-{days}", "customer_id": "c1", "type": kind, "at": at}
    heed.post(f"/v1/{event}s", {f"{event}s": [told]})


@EVENTS
@pytest.mark.parametrize("days", [1, 91, 93, 1000])
def test_it_silences_until_it_is_closed(heed, event, days):
    happened(heed, event, "ticket_opened", days)
    held = heed.decide()
    assert (held["disposition"], held["binding_rule"]) == ("hold", "open-ticket")
    happened(heed, event, "ticket_closed", 0)
    assert heed.decide()["binding_rule"] != "open-ticket"


@EVENTS
def test_one_closed_long_ago_silences_nobody(heed, event):
    happened(heed, event, "ticket_opened", 300)
    happened(heed, event, "ticket_closed", 200)
    assert heed.decide()["disposition"] == "act"
