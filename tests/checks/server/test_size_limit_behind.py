"""server.size-limit-behind: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Observation
from diagnose.model.http import Exchange
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.server import Listener, Listeners
from diagnose.model.symptom import Symptom
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config

CHECK = "server.size-limit-behind"
SITE = "shop.example.com {\n\tencode gzip\nLIMIT\treverse_proxy 127.0.0.1:3000\n}\n"
TOLD = "413 Payload Too Large when uploading files larger than 10MiB"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
PROGRAM = Listeners(sockets=(Listener(address="127.0.0.1", port=3000, family=4, process="deno"),))


def claims(limit: str = "", text: str = TOLD, *more: Observation) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("status", text, number=413))
    caddy = caddy_config(SITE.replace("LIMIT", limit))
    return judge(CHECK, PAGE, PROGRAM, CADDY, caddy, *more, target=target)


def test_fires_where_caddy_has_no_limit() -> None:
    (claim,) = claims()
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["application"] == "http://127.0.0.1:3000"
    assert (claim.facts["process"], claim.facts["bytes"]) == ("deno", 10 << 20)


def test_silent_where_caddy_has_a_limit_that_may_have_been_raised_since() -> None:
    assert not claims("\trequest_body {\n\t\tmax_size 100MB\n\t}\n")
    assert not claims("\trequest_body {\n\t\tmax_size 10MB\n\t}\n")


def test_fires_where_haproxy_has_no_rule_about_sizes() -> None:
    target = replace(SHOP, symptom=Symptom("status", TOLD, number=413))
    assert judge(CHECK, PAGE, SERVER, config(TEXT), target=target)
    rule = "    http-request deny deny_status 413 if { req.body_size gt 1048576 }\n"
    limited = config(TEXT.replace("    default_backend", f"{rule}    default_backend"))
    assert not judge(CHECK, PAGE, SERVER, limited, target=target)


@pytest.mark.parametrize(
    "text", ["413 Payload Too Large", "the upload fails", "502 when uploading more than 10MiB"]
)
def test_silent_about_a_message_without_the_status_or_a_size(text: str) -> None:
    kind = Symptom("upload", text)
    target = replace(SHOP, symptom=kind)
    assert not judge(CHECK, PAGE, CADDY, caddy_config(SITE.replace("LIMIT", "")), target=target)


def test_silent_where_another_place_may_refuse() -> None:
    web_server = Listeners(
        sockets=(Listener(address="127.0.0.1", port=3000, family=4, process="nginx"),)
    )
    assert not claims("", TOLD, web_server)
    edge = replace(PAGE, headers=(("Server", "cloudflare"), ("CF-RAY", "8f0-FRA")))
    assert not claims("", TOLD, edge)
    refusal = ProgramRefusal(
        endpoint="127.0.0.1:3000", process="deno", message="413", method="PUT", path="/", status=413
    )
    assert not claims("", TOLD, refusal)
