from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from diagnose.model.tls import (
    HandshakeVariant,
    certificate_path,
    may_have_issued,
    served_certificates,
)
from diagnose.outputs.digest import words_text
from tests.support.certificates import LEAF, MIDDLE, OTHER, ROOT, SELF, visit
from tests.support.check_evidence import NOW, evidence

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
UNREAD = replace(LEAF, not_before=None, not_after=None)


def test_a_certificate_is_current_between_its_dates_if_both_are_known() -> None:
    cert = replace(LEAF, not_before=NOW, not_after=NOW + DAY)
    assert cert.is_current(NOW)
    assert cert.is_current(NOW + DAY - SECOND)
    assert not cert.is_current(NOW - SECOND)
    assert not cert.is_current(NOW + DAY + SECOND)
    assert not replace(cert, not_before=None).is_current(NOW)
    assert not replace(cert, not_after=None).is_current(NOW)


def test_it_has_expired_after_its_end() -> None:
    assert replace(LEAF, not_after=NOW - SECOND).is_expired(NOW)
    assert not replace(LEAF, not_after=NOW + SECOND).is_expired(NOW)
    assert not UNREAD.is_expired(NOW)


@pytest.mark.parametrize(
    ("lifetime", "left", "due"),
    [
        (90, 21, False),
        (90, 20, True),
        (398, 22, False),
        (398, 20, True),
        (6, 3, False),
        (6, 1, True),
    ],
)
def test_it_is_due_with_less_than_a_third_and_less_than_21_days_left(
    lifetime: int, left: int, due: bool
) -> None:
    end = NOW + left * DAY
    assert replace(LEAF, not_before=end - lifetime * DAY, not_after=end).is_due(NOW) is due


def test_it_is_due_once_it_has_expired_even_if_its_begin_is_unknown_or_later() -> None:
    expired = replace(LEAF, not_after=NOW - DAY)
    assert expired.is_due(NOW)
    assert replace(expired, not_before=None).is_due(NOW)
    assert replace(expired, not_before=NOW + 300 * DAY).is_due(NOW)
    assert not UNREAD.is_due(NOW)


def test_one_outlasts_another_only_if_both_ends_are_known() -> None:
    later = replace(LEAF, not_after=NOW + 300 * DAY)
    assert later.outlasts(LEAF)
    assert not LEAF.outlasts(later)
    assert not LEAF.outlasts(LEAF)
    assert not UNREAD.outlasts(LEAF)
    assert not later.outlasts(UNREAD)
    assert UNREAD.lifetime is None
    assert words_text(UNREAD.expiry, "en") == "dates not read"
    assert words_text(LEAF.expiry, "en") == "valid until 2027-02-12 12:00 UTC"


def test_names_are_the_same_in_any_case_and_spacing() -> None:
    """RFC 5280 section 7.1."""
    odd = replace(MIDDLE, subject="cn=EXAMPLE  Middle ")
    assert may_have_issued(odd, LEAF)
    assert replace(ROOT, subject="cn=example root").self_issued
    assert not LEAF.self_issued
    assert not replace(LEAF, subject="", issuer="").self_issued


def test_an_issuer_has_the_name_and_the_key_that_the_certificate_asks_for() -> None:
    assert may_have_issued(MIDDLE, LEAF)
    assert not may_have_issued(OTHER, LEAF)
    assert not may_have_issued(replace(MIDDLE, key_id="ff"), LEAF)
    assert may_have_issued(replace(MIDDLE, key_id=""), LEAF)
    assert may_have_issued(MIDDLE, replace(LEAF, authority_key_id=""))


def test_the_path_leads_from_the_leaf_upwards_in_any_order() -> None:
    assert certificate_path((LEAF, ROOT, OTHER, MIDDLE)) == (LEAF, MIDDLE, ROOT)
    assert certificate_path((LEAF, OTHER)) == (LEAF,)
    assert certificate_path((SELF, MIDDLE)) == (SELF,)
    assert certificate_path(()) == ()
    ring = replace(MIDDLE, issuer=LEAF.subject, authority_key_id="")
    assert certificate_path((LEAF, ring)) == (LEAF, ring)


def test_a_browser_makes_only_the_normal_handshake_and_repeats_it() -> None:
    variants: tuple[HandshakeVariant, ...] = get_args(HandshakeVariant)
    like = {variant for variant in variants if visit(variant=variant).is_browser_like}
    assert like == {"normal", "again"}


def test_a_certificate_that_several_handshakes_got_is_served_once() -> None:
    first, second = visit(LEAF, code=10), visit(LEAF, MIDDLE, address="203.0.113.11")
    stand_in, unverified = visit(SELF, code=18), visit(LEAF, variant="unverified")
    seen = evidence(first, second, stand_in, replace(first, chain=()), unverified)
    served, own = served_certificates(seen)
    assert (served.leaf, served.chain) == (LEAF, (LEAF,))
    assert served.handshakes == (first, second)
    assert served.addresses == ("203.0.113.10", "203.0.113.11")
    assert str(served.subject) == "203.0.113.10:443, 203.0.113.11:443"
    assert (served.verify_codes, own.verify_codes) == (frozenset({10}), frozenset({18}))
    (wanted,) = served_certificates(seen, lambda handshake: handshake.verify_code == 0)
    assert wanted.handshakes == (second,)
