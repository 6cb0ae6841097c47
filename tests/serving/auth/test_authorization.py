"""Who is let in, and to what."""

from datetime import timedelta

import pytest

from heed.serving.auth.api_key import create_key
from heed.serving.auth.scopes import ROLES, Role, Scope
from tests.serving.api.test_api_problems import assert_problem
from tests.support.keyed_requests import bearer_header, issue_key, status
from tests.support.served_routes import KEYED

NO_KEY = "heed_000000000000_" + "0" * 64


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer_header(NO_KEY),
        bearer_header("letmein"),
        {"authorization": "Basic aGVlZDpoZWVk"},
        {"authorization": "Bearer"},
    ],
    ids=["no key", "a key that is none", "no token of heed's", "another scheme", "nothing after the scheme"],
)
def test_where_there_are_keys_nothing_is_answered_without_one(heed, headers):
    issue_key(heed, "auditor")
    for route in KEYED:
        answer = heed.http.request(route.method, route.path, headers=headers)
        assert assert_problem(answer, 401, "unauthorized")["field"] == "Authorization"
        assert answer.headers["www-authenticate"].startswith('Bearer realm="heed"')
        assert "0000" not in answer.text


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_let_in_where_routes_say_and_nowhere_else(heed, role):
    key = issue_key(heed, role)
    for route in KEYED:
        answer = heed.http.request(route.method, route.path, headers={**key, "content-type": "application/json"})
        if route.requirement.scope in ROLES[role]:
            assert answer.status_code not in (401, 403), (route, answer.text)
        else:
            assert route.requirement.scope in assert_problem(answer, 403, "forbidden")["detail"]
            assert f'scope="{route.requirement.scope}"' in answer.headers["www-authenticate"]


def test_an_auditor_reads_everything_and_changes_nothing():
    reading = {one for one in Scope if one.endswith(":read")}
    assert ROLES[Role.AUDITOR] == reading
    assert reading < ROLES[Role.POLICY_ADMIN]


def test_every_required_scope_is_given_by_some_role():
    assert {route.requirement.scope for route in KEYED} <= frozenset().union(*ROLES.values())


def test_two_clients_may_use_the_same_idempotency_key(heed):
    heed.know()
    one, other = issue_key(heed, "service", "crm"), issue_key(heed, "service", "web-shop")
    asked = {"customer_id": "c1", "candidates": ["mail"]}
    ids = [
        heed.http.post("/decide", json=asked, headers={**key, "idempotency-key": "k"}).json()["decision_id"]
        for key in (one, other, one)
    ]
    assert ids[0] == ids[2] != ids[1]


def test_a_key_and_its_replacement_are_one_client(heed):
    heed.know()
    old, new = issue_key(heed, "service", "crm"), issue_key(heed, "service", "crm")
    asked = {"customer_id": "c1"}
    answers = [heed.http.post("/decide", json=asked, headers={**key, "idempotency-key": "k"}) for key in (old, new)]
    assert answers[0].content == answers[1].content


def test_a_key_opens_nothing_once_it_has_expired(heed):
    key = issue_key(heed, "auditor", expires_at=heed.clock() + timedelta(hours=1))
    assert status(heed, "GET", "/v1/policy", key) == 200
    heed.clock.advance(hours=1)
    assert status(heed, "GET", "/v1/policy", key) == 401


def test_a_narrowed_key_has_only_the_scopes_that_it_names(heed):
    key = issue_key(heed, "service", scopes=["scores:read"])
    assert_problem(heed.http.post("/decide", json={"customer_id": "c1"}, headers=key), 403, "forbidden")


def test_an_admin_makes_lists_and_revokes_keys(heed):
    admin = issue_key(heed, "policy-admin", "admin")
    made = heed.http.post("/v1/keys", json={"name": "crm", "role": "service"}, headers=admin)
    assert made.headers["cache-control"] == "no-store"
    token, key = made.json()["token"], made.json()["key"]
    assert token.startswith(f"heed_{key['key_id']}_")
    assert status(heed, "GET", "/v1/outbox", bearer_header(token)) == 200
    listed = heed.http.get("/v1/keys", headers=admin)
    assert {one["name"] for one in listed.json()["keys"]} == {"admin", "crm"}
    assert token not in listed.text
    revoked = heed.http.post(f"/v1/keys/{key['key_id']}/revoke", headers=admin).json()
    assert (revoked["live"], revoked["key_id"]) == (False, key["key_id"])
    assert status(heed, "GET", "/v1/outbox", bearer_header(token)) == 401


@pytest.mark.parametrize(
    ("wish", "status_code", "kind"),
    [
        ({"name": "crm", "role": "king"}, 400, "invalid-input"),
        ({"name": "CRM", "role": "service"}, 400, "invalid-input"),
        ({"name": "a\nb", "role": "service"}, 400, "invalid-input"),
        ({"name": "local", "role": "service"}, 400, "invalid-input"),
        ({"name": "crm", "role": "service", "scopes": ["policy:write"]}, 400, "invalid-input"),
        ({"name": "crm", "role": "service", "expires_at": "2020-01-01T00:00:00Z"}, 400, "invalid-input"),
        ({"name": "admin", "role": "service"}, 409, "conflict"),
        ({"name": "twice", "role": "auditor"}, 409, "conflict"),
    ],
    ids=["no role", "capitals", "a line break", "reserved", "foreign scope", "expired", "another role", "two live"],
)
def test_a_key_that_cannot_be_is_refused(heed, wish, status_code, kind):
    admin = issue_key(heed, "policy-admin", "admin")
    for _ in range(2):
        issue_key(heed, "auditor", "twice")
    assert_problem(heed.http.post("/v1/keys", json=wish, headers=admin), status_code, kind)


def test_a_name_is_free_again_for_a_third_key_once_one_is_revoked(heed):
    admin = issue_key(heed, "policy-admin", "admin")
    made = [heed.http.post("/v1/keys", json={"name": "crm", "role": "service"}, headers=admin) for _ in range(3)]
    assert [one.status_code for one in made] == [200, 200, 409]
    assert made[0].json()["key"]["key_id"] in made[2].json()["remedy"]
    heed.http.post(f"/v1/keys/{made[0].json()['key']['key_id']}/revoke", headers=admin)
    assert heed.http.post("/v1/keys", json={"name": "crm", "role": "service"}, headers=admin).status_code == 200


def test_a_narrowed_admin_cannot_make_a_wider_one(heed):
    narrow = issue_key(heed, "policy-admin", scopes=["keys:write"])
    answer = heed.http.post("/v1/keys", json={"name": "more", "role": "policy-admin"}, headers=narrow)
    assert assert_problem(answer, 403, "forbidden")["field"] == "scopes"
    same = {"name": "same", "role": "policy-admin", "scopes": ["keys:write"]}
    assert heed.http.post("/v1/keys", json=same, headers=narrow).status_code == 200


def test_revoking_the_last_key_leaves_the_service_closed(heed):
    admin = issue_key(heed, "policy-admin")
    (key,) = heed.http.get("/v1/keys", headers=admin).json()["keys"]
    assert heed.http.post(f"/v1/keys/{key['key_id']}/revoke", headers=admin).status_code == 200
    assert status(heed, "GET", "/v1/policy") == 401
    assert status(heed, "POST", f"/v1/keys/{key['key_id']}/revoke", admin) == 401


def test_a_key_that_there_never_was_cannot_be_revoked(heed):
    admin = issue_key(heed, "policy-admin")
    assert_problem(heed.http.post("/v1/keys/none/revoke", headers=admin), 404, "not-found")


def test_without_keys_nobody_makes_the_first_over_http(heed):
    problem = assert_problem(heed.http.post("/v1/keys", json={"name": "a", "role": "auditor"}), 401, "unauthorized")
    assert "heed keys create" in problem["remedy"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/docs", "/openapi.json"])
def test_what_holds_no_data_is_open_even_to_a_wrong_key(heed, path):
    issue_key(heed, "auditor")
    assert status(heed, "GET", path) == status(heed, "GET", path, bearer_header(NO_KEY))
    assert status(heed, "GET", path) != 401


def test_a_secret_is_kept_only_as_its_hash(heed, tmp_path):
    made = create_key("crm", Role.SERVICE, ROLES[Role.SERVICE], heed.clock())
    heed.http.portal.call(heed.runtime.ledger.api_keys.add, made.key)
    heed.runtime.ledger.close()
    kept = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert made.key.digest.encode() in kept
    assert made.token.rpartition("_")[2].encode() not in kept
    assert made.token not in repr(made)
    assert made.key.digest not in repr(made)
