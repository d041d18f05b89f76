"""server.caddy-sni-missing: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.backends import BackendHandshake
from diagnose.model.http import Exchange
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import judge

CHECK = "server.caddy-sni-missing"
ADDRESS = "127.0.0.1:4443"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=502)
REFUSED = BackendHandshake(
    target=f"https://{ADDRESS}", host="127.0.0.1", port=4443, server_name="127.0.0.1"
)
DONE = replace(REFUSED, server_name="shop.example.com", verify_code=0)


def told(
    *observations: Any,
    proxy: str = f"reverse_proxy https://{ADDRESS}",
    name: str = "",
    dial: str = ADDRESS,
    host: str = "",
) -> Any:
    text = f"shop.example.com {{\n\t{proxy}\n}}\n"
    json: Any = document("shop.example.com", dial=dial)
    (route,) = json["apps"]["http"]["servers"]["srv0"]["routes"]
    handler = route["handle"][0]["routes"][0]["handle"][0]
    handler["transport"] = {"protocol": "http", "tls": {"server_name": name} if name else {}}
    if host:
        handler["headers"] = {"request": {"set": {"Host": [host]}}}
    return judge(CHECK, CADDY, caddy_config(text, json), *observations, masked=not host)


def test_fires_where_only_the_name_is_answered() -> None:
    (claim,) = told(PAGE, REFUSED, DONE)
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    added = [line for line in claim.fix.steps[0].diff.splitlines() if line.startswith("+\t")]
    assert added == [
        f"+\treverse_proxy https://{ADDRESS} {{",
        "+\t\ttransport http {",
        "+\t\t\ttls_server_name shop.example.com",
        "+\t\t}",
        "+\t}",
    ]


def test_the_name_comes_into_the_transport_that_is_there() -> None:
    proxy = f"reverse_proxy https://{ADDRESS} {{\n\t\ttransport http {{\n\t\t\ttls\n\t\t}}\n\t}}"
    (claim,) = told(PAGE, REFUSED, DONE, proxy=proxy)
    assert "+\t\t\ttls_server_name shop.example.com\n" in claim.fix.steps[0].diff
    (claim,) = told(PAGE, REFUSED, DONE, proxy=f"reverse_proxy https://{ADDRESS} # behind")
    assert claim.fix.applicability is Applicability.MANUAL


def test_another_name_is_told() -> None:
    refused = replace(REFUSED, target="https://app:4443", host="app", server_name="app")
    done = replace(refused, server_name="shop.example.com", verify_code=0)
    (claim,) = told(PAGE, refused, done, dial="app:4443")
    assert claim.facts["no_name"] is False


@pytest.mark.parametrize(
    ("observations", "name"),
    [
        ((replace(PAGE, status=200), REFUSED, DONE), ""),
        ((PAGE, REFUSED, DONE), "app.example.com"),
        ((PAGE, REFUSED, replace(DONE, verify_code=None)), ""),
        ((PAGE, REFUSED), ""),
        ((PAGE, replace(REFUSED, plain=True), DONE), ""),
        ((PAGE, replace(REFUSED, verify_code=18), DONE), ""),
    ],
)
def test_silent_where_the_name_is_not_what_is_missing(
    observations: tuple[object, ...], name: str
) -> None:
    assert not told(*observations, name=name)


def test_fires_where_only_the_name_of_the_host_field_is_answered() -> None:
    none = replace(DONE, verify_code=None)
    named = replace(DONE, server_name="backend.example.com", verify_code=20)
    (claim,) = told(PAGE, REFUSED, none, named, host="backend.example.com")
    assert claim.facts["wanted"] == "backend.example.com"
    assert not told(PAGE, REFUSED, none, named, host="{http.request.host}")
