from dataclasses import replace

from diagnose.model import Confidence, Failure, Vantage
from diagnose.model.server import Listener, Listeners, UnservedAddress
from diagnose.model.web_servers import WebServer
from diagnose.parsers.target import parse_target
from tests.support.check_evidence import judge
from tests.support.firewall_rules import listening

PLAIN = parse_target("http://shop.example.com:8090/")


def unserved(*, is_named: bool = True) -> UnservedAddress:
    url = "https://shop.example.com/"
    return UnservedAddress(vantage=Vantage.SERVER, url=url, is_named=is_named)


def test_fires_as_a_note_where_the_site_is_at_another_address() -> None:
    (claim,) = judge("listener.other-address", unserved(), listening(8090), target=PLAIN)
    assert claim.facts["there"] == "http://shop.example.com:8090/"
    assert claim.confidence is Confidence.CERTAIN


def test_is_likely_where_no_configuration_has_the_name() -> None:
    evidence = (unserved(is_named=False), listening(8090))
    (claim,) = judge("listener.other-address", *evidence, target=PLAIN)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_address_itself_was_asked() -> None:
    assert not judge("listener.other-address", listening(8090), target=PLAIN)


def test_silent_where_443_listens_or_the_list_failed() -> None:
    both = (unserved(), listening(443, 8090))
    assert not judge("listener.other-address", *both, target=PLAIN)
    failed = Listeners(vantage=Vantage.SERVER, failure=Failure("denied", "no"))
    assert not judge("listener.other-address", unserved(), failed, target=PLAIN)


def test_fires_and_names_what_listens_for_this_machine_alone() -> None:
    inner = Listener(address="127.0.0.1", port=3100, family=4, pid=7, process="node")
    listed = listening(8090)
    both = replace(listed, sockets=(*listed.sockets, inner))
    (claim,) = judge("listener.other-address", unserved(), both, target=PLAIN)
    assert claim.facts["inner"] == ("node 127.0.0.1:3100",)
    (claim,) = judge(
        "listener.other-address", unserved(), both, WebServer(product="caddy"), target=PLAIN
    )
    assert not claim.facts["inner"]
