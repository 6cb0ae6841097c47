from tests.support.in_process_service import POLICY


def test_the_policy_in_force_is_shown_with_its_rules(heed):
    shown = heed.get("/v1/policy")
    assert (shown["name"], len(shown["hash"])) == ("test", 64)
    assert [one["id"] for one in shown["rules"]][:2] == ["consent", "suppression-list"]


def test_a_policy_text_is_checked_without_taking_effect(heed):
    before = heed.get("/v1/policy")
    found = heed.post("/v1/policy/check", {"policy": POLICY.replace("name: test", "name: next")})
    assert (found["name"], found["hash"] != before["hash"]) == ("next", True)
    assert heed.get("/v1/policy") == before


def test_a_faulty_policy_text_is_refused_with_its_fault(heed):
    problem = heed.post("/v1/policy/check", {"policy": POLICY.replace("window: 7d", "")}, 400)
    assert problem["type"] == "urn:heed:problem:invalid-policy"
    assert "window" in problem["detail"]


def test_metrics_count_decisions_once(heed):
    heed.know()
    heed.decide(key="k")
    heed.decide(key="k")
    text = heed.http.get("/metrics").text
    assert 'heed_decisions_total{binding_rule="",disposition="act"} 1.0' in text
    assert "heed_ready 1.0" in text


def test_the_docs_need_no_other_host(heed):
    page = heed.http.get("/docs").text
    assert "http://" not in page
    assert "https://" not in page


def test_a_customer_is_shown_as_recorded(heed):
    heed.know("c9", attributes={"age": 41})
    shown = heed.get("/v1/customers/c9")
    assert shown["attributes"] == {"age": 41}
    assert {one["channel"] for one in shown["consents"]} == {"email", "sms", "web"}


def test_a_checked_policy_is_told_what_it_can_hardly_be_meant_to_do(heed):
    sound = heed.post("/v1/policy/check", {"policy": POLICY})
    over = POLICY.replace("{id: eligibility,", "{id: eligibility, valid_until: '2020-01-01T00:00:00Z',")
    found = heed.post("/v1/policy/check", {"policy": over})["findings"]
    assert found != sound["findings"]
    (finding,) = [one for one in found if one not in sound["findings"]]
    assert (finding["rule"], finding["line"]) == ("eligibility", 25)
    assert finding["severity"] in {"error", "warning"}
