from dataclasses import replace

from diagnose.model import Claim, Confidence, Edit, Failure, Manual, Observation, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, SITE, WEB, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER

CHECK = "server.proxied-to-itself"
CARD = Interface(name="eth0", up=True, addresses=("203.0.113.10",), vantage=Vantage.SERVER)
NAME = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))
BAD = replace(ANSWER, status=502)
LOOP = replace(ANSWER, status=308, headers=(("Location", SHOP.url),))


def config(dial: str, secure: bool = False) -> WebServerConfig:
    made = document("shop.example.com", dial=dial)
    if secure:
        servers = made["apps"]["http"]["servers"]  # type: ignore[index]
        proxy = servers["srv0"]["routes"][0]["handle"][0]["routes"][0]["handle"][0]
        proxy["transport"] = {"protocol": "http", "tls": {}}
    return caddy_config(SITE.replace("127.0.0.1:3000", dial), made)


def claims(configuration: WebServerConfig, *seen: Observation) -> list[Claim]:
    return judge(CHECK, CADDY, configuration, CARD, NAME, *seen)


def test_fires_where_the_same_site_takes_the_request_again() -> None:
    (claim,) = claims(config("shop.example.com:443", secure=True), BAD)
    assert (claim.facts["loop"], claim.facts["status"]) == (False, 502)
    assert claim.confidence is Confidence.CERTAIN
    silent = replace(ANSWER, status=None, failure=Failure("timeout", "timed out"))
    (claim,) = claims(config("203.0.113.10:443", secure=True), silent)
    assert claim.confidence is Confidence.CERTAIN
    assert claims(config("localhost:443", secure=True), BAD)


def test_fires_where_the_redirect_to_https_answers() -> None:
    (claim,) = claims(config("shop.example.com:80"), LOOP)
    assert claim.facts["loop"] is True


def test_a_name_that_leads_elsewhere_here_is_not_certain() -> None:
    elsewhere = replace(NAME, addresses=("192.0.2.9",))
    (claim,) = judge(CHECK, CADDY, config("shop.example.com:80"), CARD, elsewhere, LOOP)
    assert claim.confidence is Confidence.LIKELY


def test_silent_for_an_application_and_for_another_machine() -> None:
    assert not claims(config("127.0.0.1:3000"), BAD)
    assert not claims(config("192.0.2.9:443", secure=True), BAD)
    assert not claims(config("app.example.org:80"), LOOP)


def test_silent_where_the_page_comes_or_redirects_elsewhere() -> None:
    assert not claims(config("shop.example.com:443", secure=True), ANSWER)
    assert not claims(config("shop.example.com:443", secure=True), LOOP)
    login = replace(LOOP, headers=(("Location", f"{SHOP.url}login"),))
    assert not claims(config("shop.example.com:80"), login)


def test_silent_where_another_program_has_the_port_too_or_the_server_is_in_a_container() -> None:
    other = Listener(address="127.0.0.1", port=443, family=4, pid=30, process="node")
    both = Listeners(sockets=(WEB, other))
    assert not claims(config("127.0.0.1:443", secure=True), BAD, both)
    inside = replace(CADDY, container="web")
    assert not judge(CHECK, inside, config("localhost:443", secure=True), CARD, NAME, BAD)


def typed(claim: Claim) -> str:
    """The edit that a person chooses."""
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Manual)
    return "".join(each.diff for each in step.commands if isinstance(each, Edit))


def test_the_only_other_program_is_written_for_a_person_to_choose() -> None:
    node = Listener(address="127.0.0.1", port=3000, family=4, pid=20, process="node")
    server = replace(node, address="0.0.0.0", port=443, pid=CADDY.pid, process="caddy")
    alone, two = Listeners(sockets=(server, node)), replace(node, port=3001, process="python")
    (claim,) = claims(config("203.0.113.10:443", secure=True), BAD, alone)
    assert claim.facts["only_port"] == "3000"
    assert "+\treverse_proxy 127.0.0.1:3000" in typed(claim)
    (claim,) = claims(
        config("203.0.113.10:443", secure=True), BAD, Listeners(sockets=(server, node, two))
    )
    assert (claim.facts["only_port"], typed(claim)) == ("", "")
