"""server.traefik-default-certificate: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Edit, Failure, Manual
from diagnose.model.containers import NginxContainer
from diagnose.model.files import StoredCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Handshake
from diagnose.model.traefik import CertificateStore, Router
from diagnose.model.web_servers import (
    ServerFile,
    SiteFile,
    SiteSocket,
    WebServerConfig,
    WebSite,
)
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.traefik_evidence import ROUTER, TRAEFIK, state

CHECK = "server.traefik-default-certificate"
DEFAULT = replace(LEAF, subject="CN=TRAEFIK DEFAULT CERT", issuer="CN=TRAEFIK DEFAULT CERT")
SHAKE = Handshake(
    address="203.0.113.10", port=443, server_name="shop.example.com", chain=(DEFAULT,)
)


def test_fires_from_outside() -> None:
    (claim,) = judge(CHECK, SHAKE)
    assert claim.facts["name"] == "shop.example.com"


@pytest.mark.parametrize(
    ("router", "reason"),
    [
        (replace(ROUTER, resolver=""), "no_resolver"),
        (replace(ROUTER, resolver="letsencrypt"), "unknown_resolver"),
        (ROUTER, "not_issued"),
        (replace(ROUTER, has_name=False), "no_router"),
    ],
)
def test_fires_with_the_reason(router: Router, reason: str) -> None:
    (claim,) = judge(CHECK, TRAEFIK, state(router), SHAKE)
    assert claim.facts[reason] is True


def test_fires_with_the_file_that_is_not_there_and_names_the_stored_pair() -> None:
    text = "tls:\n  certificates:\n    - certFile: /live/x.pem\n      keyFile: /live/x.key\n"
    files = (
        SiteFile("certificate", "/live/x.pem", "/t.yml", 3),
        SiteFile("key", "/live/x.key", "/t.yml", 4),
    )
    site = WebSite(("shop.example.com",), (SiteSocket(443, tls=True),), files)
    given = WebServerConfig(
        product="traefik", path="/t", sites=(site,), files=(ServerFile("/t.yml", text),)
    )
    gone = CertificateFile(path="/live/x.pem", failure=Failure("missing", "No such file"))
    stored = StoredCertificate(path="/live/shop.pem", chain=(LEAF,), key="/live/shop.key")
    seen = (TRAEFIK, state(replace(ROUTER, resolver="")), given, gone, SHAKE)
    (claim,) = judge(CHECK, *seen, stored)
    assert claim.facts["file_missing"] is True
    assert claim.fix
    assert "+    - certFile: /live/shop.pem" in claim.fix.edits[0].diff
    (claim,) = judge(CHECK, *seen)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_resolver_where_none_is_defined() -> None:
    (claim,) = judge(CHECK, TRAEFIK, replace(state(ROUTER), resolvers=()), SHAKE)
    assert claim.facts["unknown_resolver"] is True
    assert claim.facts["none_defined"] is True


def test_no_router_is_called_missing_that_stands_in_a_refused_file() -> None:
    """An empty middleware `headers: {}`: Traefik takes nothing of the file."""
    text = "http:\n  routers:\n    shop:\n      rule: Host(`shop.example.com`)\n"
    config = WebServerConfig(product="traefik", path="/t", files=(ServerFile("/t.yml", text),))
    given = state(replace(ROUTER, has_name=False))
    (claim,) = judge(CHECK, TRAEFIK, given, config, SHAKE)
    assert not claim.facts["no_router"]
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "look"


def test_fires_with_the_file_of_the_resolver_that_is_too_open() -> None:
    store = CertificateStore("le", "/etc/traefik/acme.json", 0o644)
    (claim,) = judge(CHECK, TRAEFIK, replace(state(ROUTER), stores=(store,)), SHAKE)
    assert claim.facts["store_open"] is True
    assert not claim.facts["not_issued"]
    assert claim.fix
    commands = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert commands[0] == ("chmod", "600", "/etc/traefik/acme.json")
    assert commands[1][:2] == ("systemctl", "restart")
    for other in (
        replace(store, mode=0o600),
        replace(store, mode=None),
        replace(store, resolver="x"),
    ):
        (claim,) = judge(CHECK, TRAEFIK, replace(state(ROUTER), stores=(other,)), SHAKE)
        assert claim.facts["not_issued"]
        assert not claim.facts["store_open"]


def test_fires_and_closes_the_store_in_its_container() -> None:
    store = CertificateStore("le", "/letsencrypt/acme.json", 0o755)
    inner, given = replace(TRAEFIK, container="traefik"), replace(state(ROUTER), stores=(store,))
    (claim,) = judge(CHECK, inner, given, SHAKE)
    assert claim.facts["mode"] == "755"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL  # whose engine is not known
    container = NginxContainer(pid=10, engine="docker", name="traefik")
    (claim,) = judge(CHECK, inner, given, SHAKE, container)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    commands = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert commands[-1] == ("docker", "restart", "traefik")


@pytest.mark.parametrize(
    ("line", "resolver", "added"),
    [
        ("tls: {}", "", "tls: {certResolver: le}"),
        ("tls: {certResolver: letsencrypt}", "letsencrypt", "tls: {certResolver: le}"),
        ("tls:\n        certResolver: letsencrypt", "letsencrypt", "certResolver: le"),
    ],
)
def test_fires_with_the_only_resolver(line: str, resolver: str, added: str) -> None:
    text = f"http:\n  routers:\n    shop:\n      rule: x\n      {line}\n"
    config = WebServerConfig(product="traefik", path="/t", files=(ServerFile("/t.yml", text),))
    given = state(replace(ROUTER, resolver=resolver))
    (claim,) = judge(CHECK, TRAEFIK, given, config, SHAKE)
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert f" {added}\n" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.facts["setting"] == "tls: {certResolver: le}"


def test_fires_without_a_resolver_where_there_are_several() -> None:
    given = replace(state(replace(ROUTER, resolver="")), resolvers=("le", "staging"))
    (claim,) = judge(CHECK, TRAEFIK, given, SHAKE)
    assert claim.facts["setting"] == ""


def test_silent_on_another_certificate() -> None:
    assert not judge(CHECK, replace(SHAKE, chain=(LEAF,)))
    assert not judge(CHECK, TRAEFIK, state(ROUTER), replace(SHAKE, port=8443))


def test_fires_and_closes_the_file_of_a_container() -> None:
    own = NginxContainer(pid=10, engine="docker", digest="5e" * 32, name="traefik")
    store = CertificateStore("le", "/letsencrypt/acme.json", 0o755)
    server = replace(TRAEFIK, container="traefik", unit="")
    seen = (server, replace(state(ROUTER), stores=(store,)), SHAKE, own)
    (claim,) = judge(CHECK, *seen, masked=False)
    assert claim.fix
    argv = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert argv == [("chmod", "600", store.path), ("docker", "restart", "traefik")]
