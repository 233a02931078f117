"""The closed list of ways in which an attempt can end."""

from schemas.gateway import ASKED_AGAIN, ATTEMPT_KINDS, PAID, RETRIED, UNUSABLE
from schemas.tables.calls import AttemptRow


def test_whatever_can_be_used_or_is_asked_again_is_paid_for():
    assert {"ok"} | UNUSABLE == PAID
    assert ASKED_AGAIN < UNUSABLE


def test_what_somebody_must_mend_is_not_tried_again():
    mended_by_hand = {"study", "account", "budget"}
    assert {name for name in RETRIED if ATTEMPT_KINDS[name].fault in mended_by_hand} == set()


def test_a_kind_is_either_tried_again_or_asked_again_but_not_both():
    assert not RETRIED & ASKED_AGAIN


def test_the_documentation_of_attempts_names_every_kind():
    described = AttemptRow.model_fields["kind"].description or ""
    assert all(name in described for name in ATTEMPT_KINDS)
