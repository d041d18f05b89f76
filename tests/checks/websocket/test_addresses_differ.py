"""websocket.addresses-differ: when it fires, and when it is silent."""

from dataclasses import replace

from tests.support.check_evidence import CHAT, judge
from tests.support.upstream_evidence import page
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.addresses-differ"
SIX = "2001:db8::10"
OPEN = upgrade(101, accepted=True)
REFUSED = upgrade(404, address=SIX)
PAGES = (page(200), replace(page(200), address=SIX))


def test_fires_where_ipv6_refuses_what_ipv4_opens() -> None:
    (claim,) = judge(CHECK, OPEN, REFUSED, *PAGES, target=CHAT)
    assert (claim.facts["good"], claim.facts["bad"]) == ("203.0.113.10", SIX)
    assert claim.facts["six"]


def test_silent_where_both_open_or_neither() -> None:
    assert not judge(CHECK, OPEN, upgrade(101, accepted=True, address=SIX), *PAGES, target=CHAT)
    assert not judge(CHECK, upgrade(404), REFUSED, *PAGES, target=CHAT)


def test_silent_where_the_page_is_missing_there_or_it_opens_at_times() -> None:
    assert not judge(CHECK, OPEN, REFUSED, PAGES[0], target=CHAT)
    again = upgrade(101, "again", accepted=True, address=SIX)
    assert not judge(CHECK, OPEN, REFUSED, again, *PAGES, target=CHAT)
