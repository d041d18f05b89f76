"""certificate.staple-outdated: the OCSP response beside the certificate, and its time."""

from datetime import timedelta

from diagnose.model.tls import Revocation
from tests.support.certificates import HEALTHY, MIDDLE, leaf, visit
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config

CHECK = "certificate.staple-outdated"
LEAF = leaf(ocsp_urls=("http://ocsp.example",))
SEEN = visit(LEAF, MIDDLE)


def response(hours: float, serial: str = LEAF.serial, stapled: bool = True) -> Revocation:
    """One that ends in so many hours."""
    return Revocation(
        serial=serial,
        status="good",
        stapled=stapled,
        this_update=NOW - timedelta(days=7),
        next_update=NOW + timedelta(hours=hours),
    )


def test_fires_where_the_response_has_ended() -> None:
    (claim,) = judge(CHECK, SEEN, response(-48))
    assert claim.facts["url"] == "http://ocsp.example"
    assert claim.facts["some"] is False


def test_fires_where_one_server_of_several_has_an_old_one() -> None:
    (claim,) = judge(CHECK, SEEN, response(-48), response(48))
    assert claim.facts["some"] is True


def test_fires_and_names_nginxs_file() -> None:
    text = SITE.replace(
        "    location", "    ssl_stapling_file /etc/ssl/shop.ocsp;\n\n    location", 1
    )
    (claim,) = judge(CHECK, SEEN, response(-48), config(text), BUILD, RUNNING)
    assert claim.facts["staple"] == "/etc/ssl/shop.ocsp"


def test_silent_on_a_current_one_on_none_and_on_that_of_another_certificate() -> None:
    assert not judge(CHECK, SEEN, response(48))
    assert not judge(CHECK, SEEN, response(-0.1))
    assert not judge(CHECK, SEEN, response(-48, serial="7777"))
    assert not judge(CHECK, SEEN, response(-48, stapled=False))
    assert not judge(CHECK, HEALTHY)
