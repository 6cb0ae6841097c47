"""An objection to marketing: whom it strikes, for how long, and what it stops."""

import stat

import pytest
from sqlalchemy import select

from heed.decisioning.customer import ContactPoint, ContactState, Objection
from heed.decisioning.errors import Conflict, Unavailable
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.facts.ingest import IngestResult
from heed.serving.ledger.facts.reports import CustomerReport, ObjectionReport
from heed.serving.ledger.migrate import upgrade
from heed.serving.ledger.schema import objections as objections_table
from heed.serving.ledger.schema import objectors
from heed.serving.ledger.sqlite.key_file import key_file
from tests.support.ledger_builders import NOON, act, new_ledger, states, wait

PHONE = ContactPoint("phone-1", "sms")
OBJECTED = ObjectionReport(NOON, "ada")


def objections(ledger, customer_id="ada"):
    return ledger.customers.snapshot(customer_id).customer.objections


def has(ledger, customer_id, *points):
    wait(ledger.facts.record_customers([CustomerReport(customer_id, contact_points=points)]))


def object_to(ledger, *reports):
    return wait(ledger.facts.record_objections(reports))


class TestWhomItStrikes:
    def test_the_customer_who_is_named(self, ledger):
        assert object_to(ledger, OBJECTED) == IngestResult(1, 0)
        assert objections(ledger) == (Objection(NOON),)
        assert objections(ledger, "bob") == ()

    def test_everyone_who_has_the_contact_point(self, ledger):
        for who in ("ada", "bob"):
            has(ledger, who, PHONE)
        object_to(ledger, ObjectionReport(NOON, contact_point="phone-1"))
        assert objections(ledger, "ada") == objections(ledger, "bob") == (Objection(NOON, "phone-1"),)

    def test_everyone_for_whom_the_contact_point_is_reported_later(self, ledger):
        object_to(ledger, ObjectionReport(NOON, contact_point="phone-1"))
        has(ledger, "ada", PHONE)
        assert objections(ledger) == (Objection(NOON, "phone-1"),)

    def test_it_stays_with_the_person_when_the_contact_point_goes(self, ledger):
        has(ledger, "ada", PHONE)
        object_to(ledger, ObjectionReport(NOON, contact_point="phone-1"))
        has(ledger, "ada", ContactPoint("phone-2", "sms"))
        assert objections(ledger) == (Objection(NOON),)

    def test_both_where_both_are_named(self, ledger):
        has(ledger, "bob", PHONE)
        object_to(ledger, ObjectionReport(NOON, "ada", "phone-1"))
        assert (len(objections(ledger, "ada")), len(objections(ledger, "bob"))) == (1, 1)

    @pytest.mark.parametrize("named", [{"customer_id": "ADA "}, {"contact_point": " Phone-1"}], ids=["id", "point"])
    def test_the_ledger_itself_hears_it_in_any_spelling(self, ledger, named):
        object_to(ledger, ObjectionReport(NOON, **named))
        has(ledger, "ada", PHONE)
        assert len(objections(ledger)) == 1


class TestOnce:
    def test_without_an_id_the_content_is_the_identity(self, ledger):
        assert object_to(ledger, OBJECTED, OBJECTED) == IngestResult(1, 1)
        assert len(objections(ledger)) == 1

    def test_an_id_that_comes_back_with_another_person_is_refused(self, ledger):
        object_to(ledger, ObjectionReport(NOON, "ada", objection_id="o1"))
        with pytest.raises(Conflict, match="`objection_id` `o1` was recorded before with another `customer`"):
            object_to(ledger, ObjectionReport(NOON, "bob", objection_id="o1"))
        assert objections(ledger, "bob") == ()

    def test_it_raises_the_version_so_that_decisions_in_flight_are_made_again(self, ledger):
        has(ledger, "ada", PHONE)
        before = ledger.customers.snapshot("ada").version
        object_to(ledger, ObjectionReport(NOON, contact_point="phone-1"))
        assert ledger.customers.snapshot("ada").version == before + 1
        object_to(ledger, ObjectionReport(NOON, contact_point="phone-1"))
        assert ledger.customers.snapshot("ada").version == before + 1


class TestWhatWaits:
    def test_a_message_that_waits_is_withdrawn_and_its_slot_is_free(self, ledger):
        wait(ledger.decisions.commit(act("d1")))
        object_to(ledger, OBJECTED)
        assert ledger.outbox.ready() == ()
        assert states(ledger.customers.snapshot("ada").customer) == [ContactState.RELEASED]

    def test_what_was_delivered_stays_counted(self, ledger):
        wait(ledger.decisions.commit(act("d1")))
        wait(ledger.outbox.mark_delivered("execute:d1"))
        object_to(ledger, OBJECTED)
        assert states(ledger.customers.snapshot("ada").customer) == [ContactState.RESERVED]

    def test_a_contact_point_on_the_list_withdraws_what_waits_when_it_is_reported(self, ledger):
        object_to(ledger, ObjectionReport(NOON, contact_point="phone-1"))
        wait(ledger.decisions.commit(act("d1")))
        has(ledger, "ada", PHONE)
        assert ledger.outbox.ready() == ()

    def test_nobody_elses_message_is_touched(self, ledger):
        wait(ledger.decisions.commit(act("d1", "bob")))
        object_to(ledger, OBJECTED)
        assert [one.decision_id for one in ledger.outbox.ready()] == ["d1"]


class TestTheKey:
    def test_no_name_of_who_objected_is_in_the_tables_of_objections(self, ledger):
        object_to(ledger, ObjectionReport(NOON, "who objected", "phone-1"))
        rows = ledger._database.read(
            lambda transaction: [
                row for table in (objections_table, objectors) for row in transaction.rows(select(table), {})
            ]
        )
        assert len(rows) == 2
        assert not any("objected" in str(one) or "phone" in str(one) for one in rows)

    def test_it_is_made_once_beside_the_ledger_and_readable_by_its_owner_alone(self, tmp_path, clock):
        with new_ledger(tmp_path, clock):
            pass
        path = key_file(tmp_path / "ledger.db")
        key = path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with open_ledger(tmp_path / "ledger.db"):
            assert path.read_bytes() == key
        assert len(key) == 64

    @pytest.mark.parametrize("readonly", [False, True], ids=["opened to write", "opened to read"])
    @pytest.mark.parametrize(
        ("harm", "complaint"),
        [
            pytest.param(lambda path: path.unlink(), "the key of the ledger is missing", id="lost"),
            pytest.param(lambda path: path.write_bytes(b"x" * 64), "the ledger has another key", id="another"),
        ],
    )
    def test_a_ledger_without_its_key_is_refused(self, tmp_path, clock, readonly, harm, complaint):
        with new_ledger(tmp_path, clock):
            pass
        harm(key_file(tmp_path / "ledger.db"))
        with pytest.raises(Unavailable, match=rf"{complaint}.*restore `ledger\.db\.key`"):
            open_ledger(tmp_path / "ledger.db", readonly=readonly)

    def test_a_key_that_is_given_needs_no_file(self, tmp_path):
        upgrade(tmp_path / "ledger.db")
        with open_ledger(tmp_path / "ledger.db", key="sixteen letters or more") as opened:
            object_to(opened, OBJECTED)
        assert not key_file(tmp_path / "ledger.db").exists()
        with open_ledger(tmp_path / "ledger.db", key="sixteen letters or more", readonly=True) as again:
            assert len(objections(again)) == 1

    def test_it_is_not_shown(self):
        assert "secret" not in repr(KeyRing(b"secret"))

    def test_a_customer_and_a_contact_point_of_one_name_have_different_hashes(self):
        keys = KeyRing(b"key")
        assert keys.hash_customer("x") != keys.hash_contact_point("x")
        assert keys.hash_customer("X ") == keys.hash_customer("x")
