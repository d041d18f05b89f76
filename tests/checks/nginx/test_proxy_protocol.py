from diagnose.model import Applicability, Edit, Failure
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config

CHECK = "nginx.proxy-protocol"
EXPECTING = SITE.replace("443 ssl", "443 ssl proxy_protocol")
RESET = Failure("reset", "Connection reset by peer", 104, "ECONNRESET")
CUT = Handshake(address="203.0.113.10", port=443, failure=RESET)


def test_fires_when_the_connection_was_cut_and_takes_the_word_away() -> None:
    (claim,) = judge(CHECK, config(EXPECTING), BUILD, HOST, RUNNING, CUT)
    assert claim.fix
    # Where a load balancer is to stand in front, the other end is to be changed.
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    listen 443 ssl;\n" in edit.diff


def test_silent_when_something_sends_the_header() -> None:
    well = Handshake(address="203.0.113.10", port=443, protocol="TLSv1.3")
    page = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)
    assert not judge(CHECK, config(EXPECTING), well, page)


def test_silent_when_it_is_not_expected() -> None:
    assert not judge(CHECK, config(), CUT)


def test_silent_when_nothing_was_cut() -> None:
    assert not judge(CHECK, config(EXPECTING))
