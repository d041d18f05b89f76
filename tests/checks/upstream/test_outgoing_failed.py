"""upstream.outgoing-failed: what the site's program asks for itself."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Manual, Symptom, Vantage
from diagnose.model.containers import ComposeService, Container
from diagnose.model.outgoing import Attempt, Outcome, OutgoingTry
from diagnose.model.server import Interface
from tests.support.check_evidence import SHOP, judge

CHECK = "upstream.outgoing-failed"
SSO = "sso.example.com"
TEXT = f"cURL error 28: Connection timed out for https://{SSO}/.well-known/openid-configuration"
TOLD = replace(SHOP, symptom=Symptom("outgoing", TEXT))
COMPOSE = ComposeService("shop", "app", "/srv/shop", ("/srv/shop/compose.yml",))
APP = Container("docker", "a" * 64, "shop-app-1", networks=("shop_default",), compose=COMPOSE)
OWN = Interface(name="eth0", up=True, addresses=("203.0.113.10",), default=(4,))
WELL = Attempt("203.0.113.10", "ok")


def way(*attempts: Attempt, **more: object) -> OutgoingTry:
    given: dict[str, object] = {
        "vantage": Vantage.SERVER, "place": "container", "host": SSO, "port": 443,
        "container": APP, "digest": APP.id, "sources": ("172.18.0.2",), "attempts": attempts,
    }  # fmt: skip
    return OutgoingTry(**(given | more))  # type: ignore[arg-type]


def from_server(*attempts: Attempt, **more: object) -> OutgoingTry:
    return way(*attempts, **({"place": "server", "container": None, "digest": ""} | more))


def step(claim: Claim) -> str:
    assert claim.fix
    (only,) = claim.fix.steps
    assert isinstance(only, Manual)
    return only.step


def judged(*tries: OutgoingTry, text: str = TEXT) -> list[Claim]:
    told = replace(SHOP, symptom=Symptom("outgoing", text))
    return judge(CHECK, *tries, OWN, target=told, masked=False)


@pytest.mark.parametrize("outcome", ["refused", "timeout", "unreachable"])
def test_fires_for_the_public_address_of_the_server_itself(outcome: Outcome) -> None:
    (claim,) = judged(way(Attempt("203.0.113.10", outcome)), from_server(WELL))
    assert claim.confidence is Confidence.CERTAIN
    assert step(claim) == "name-the-gateway"
    assert claim.facts["file"] == "/srv/shop/compose.yml"
    assert claim.facts["recreate"] == "docker compose -f /srv/shop/compose.yml up -d app"


def test_fires_for_a_name_that_the_container_alone_does_not_find() -> None:
    text = f'Get "https://{SSO}/": dial tcp: lookup {SSO} on 127.0.0.53:53: connection refused'
    (claim,) = judged(
        way(names="missing", name_servers=("127.0.0.53",)), from_server(WELL), text=text
    )
    assert (step(claim), claim.confidence) == ("replace-the-stub", Confidence.CERTAIN)
    (claim,) = judged(
        way(names="silent", name_servers=("127.0.0.11",)), from_server(WELL), text=text
    )
    assert step(claim) == "give-a-name-server"
    missing = from_server(names="missing")
    (claim,) = judged(way(names="missing"), missing, text=text)
    assert (step(claim), claim.confidence) == ("mend-the-name", Confidence.LIKELY)


def test_fires_for_a_container_of_another_network() -> None:
    text = "Error: getaddrinfo ENOTFOUND db"
    db = replace(APP, name="db", networks=("data_default",))
    own = way(host="db", port=5432, names="missing", neighbour=db)
    (claim,) = judged(own, from_server(host="db", names="missing"), text=text)
    assert (step(claim), claim.confidence) == ("join-the-network", Confidence.CERTAIN)
    assert claim.facts["its_network"] == "data_default"
    (claim,) = judged(replace(own, neighbour=None), text=text)
    assert step(claim) == "write-the-service"


def test_fires_for_an_authority_that_only_the_server_trusts() -> None:
    text = f'Get "https://{SSO}/": x509: certificate signed by unknown authority'
    unknown = Attempt("203.0.113.10", "untrusted", 20, "unable to get local issuer certificate",
                      (("CN = sso", "CN = Own CA"),))  # fmt: skip
    (claim,) = judged(way(unknown), from_server(WELL), text=text)
    assert (step(claim), claim.confidence) == ("add-the-authority", Confidence.CERTAIN)
    public = replace(unknown, certificates=(("CN = sso", "C = US, O = Let's Encrypt, CN = R11"),))
    (claim,) = judged(way(public), from_server(public), text=text)
    assert (step(claim), claim.confidence) == ("send-the-chain", Confidence.CERTAIN)


def test_another_step_than_that_of_the_message_is_only_likely() -> None:
    over = Attempt("203.0.113.10", "untrusted", 10, "certificate has expired", (("a", "b"),))
    (claim,) = judged(way(over), from_server(over))
    assert (step(claim), claim.confidence) == ("certificate-over", Confidence.LIKELY)


def test_the_server_that_does_not_get_through_either_is_only_likely() -> None:
    late = Attempt("198.51.100.9", "timeout")
    (claim,) = judged(way(late), from_server(late))
    assert (step(claim), claim.confidence) == ("look-at-the-port", Confidence.LIKELY)
    (claim,) = judged(from_server(late))
    assert (step(claim), claim.confidence) == ("look-at-the-port", Confidence.LIKELY)


def test_the_servers_own_loopback_is_no_way_of_a_container() -> None:
    (claim,) = judged(way(Attempt("127.0.1.1", "refused")), from_server(WELL))
    assert step(claim) == "name-the-gateway"


def test_silent_if_the_way_is_well() -> None:
    assert not judged(way(WELL), from_server(WELL))
    assert not judged(way(Attempt("2001:db8::1", "unreachable"), WELL), from_server(WELL))
    assert not judged(way(WELL), from_server(Attempt("203.0.113.10", "timeout")))


def test_silent_if_nothing_was_tried() -> None:
    assert not judged(way())
    assert not judge(CHECK, OWN, target=TOLD)
