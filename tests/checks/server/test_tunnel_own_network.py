"""server.tunnel-own-network: when it fires, and when it is silent. The words are those of
https://github.com/cloudflare/cloudflared/issues/976; cloudflared itself was not run."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Vantage
from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelRule
from tests.support.check_evidence import judge
from tests.support.firewall_rules import listening

CHECK = "server.tunnel-own-network"
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=502,
    headers=(("Server", "cloudflare"), ("CF-RAY", "8474b7654d1e1143-ORD")),
)  # fmt: skip
RULE = TunnelRule(
    vantage=Vantage.SERVER, program="cloudflared", pid=9, container="0123456789ab",
    name="shop.example.com", service="http://localhost:5244", is_apart=True, ports=(20241,),
)  # fmt: skip


def test_fires_where_localhost_is_the_container() -> None:
    (claim,) = judge(CHECK, RULE, listening(5244, process="alist"), PAGE)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["server_program"], claim.facts["remote"]) == ("alist", True)
    (claim,) = judge(CHECK, RULE, listening(5244, process="docker-proxy"), PAGE)
    assert (claim.facts["server_program"], claim.facts["published"]) == ("", True)


@pytest.mark.parametrize(
    "rule",
    [
        replace(RULE, is_apart=False),
        replace(RULE, ports=(20241, 5244)),
        replace(RULE, service="http://alist:5244"),
        replace(RULE, service="http://172.17.0.1:5244"),
        replace(RULE, service="http_status:404", status=404),
    ],
)
def test_silent_where_the_rule_leads_elsewhere(rule: TunnelRule) -> None:
    assert not judge(CHECK, rule, listening(5244), PAGE)


def test_silent_for_another_answer() -> None:
    for page in (replace(PAGE, status=200), replace(PAGE, status=404), replace(PAGE, headers=())):
        assert not judge(CHECK, RULE, listening(5244), page)
