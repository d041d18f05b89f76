"""firewall.user-blocked: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Vantage
from diagnose.model.http import Exchange
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import NginxProcess, NginxState, UpstreamTry
from diagnose.parsers.nginx.config import parse
from tests.checks.firewall.test_loopback_blocked import TRIED
from tests.checks.firewall.test_rule_unjudged import REJECT, meta
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import FILE, config
from tests.support.packets import DROP, dport, nft, saved, served

CHECK = "firewall.user-blocked"
OPEN = replace(TRIED, failure=None)
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=502)
MASTER = NginxProcess(pid=7, binary="/usr/sbin/nginx", workers=(8,), user=0, worker_user=33)
STATE = NginxState(vantage=Vantage.SERVER, installed=True, masters=(MASTER,))
CONFIG = replace(config(), main=(*parse("user www-data;", FILE), *config().main))
RULE = "-A OUTPUT -o lo -p tcp -m tcp --dport 3000 -m owner --uid-owner 33 -j REJECT"


def judged(
    rules: Ruleset, page: Exchange = PAGE, attempt: UpstreamTry = OPEN, state: NginxState = STATE
) -> int:
    return len(judge(CHECK, *served(rules), CONFIG, state, attempt, page))


def test_fires_on_a_rule_for_its_user() -> None:
    (claim,) = judge(CHECK, *served(saved(RULE)), CONFIG, STATE, OPEN, PAGE)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["user"], claim.facts["nft"]) == ("www-data", False)
    assert claim.facts["rule"]


@pytest.mark.parametrize(
    "rules",
    [
        saved(RULE.replace("--uid-owner 33", "! --uid-owner 0").replace("REJECT", "DROP")),
        saved(RULE.replace("33", "1-999")),
        nft([dport(3000), meta("skuid", "www-data"), REJECT], hook="output", chain="output"),
        nft([dport(3000), meta("skuid", 33), DROP], hook="output", chain="output"),
    ],
)
def test_fires_on_each_form(rules: Ruleset) -> None:
    assert judged(rules) == 1


@pytest.mark.parametrize(
    "rules",
    [
        saved(RULE.replace("33", "1000")),
        saved(RULE.replace("3000", "5432")),
        saved(RULE.replace("--uid-owner", "--gid-owner")),
        nft([dport(3000), meta("skuid", "postgres"), REJECT], hook="output", chain="output"),
    ],
)
def test_silent_for_other_users_and_ports(rules: Ruleset) -> None:
    assert not judged(rules)


def test_silent_where_the_page_comes_or_root_is_stopped_too() -> None:
    assert not judged(saved(RULE), replace(PAGE, status=200))
    assert not judged(saved(RULE.replace("-m owner --uid-owner 33 ", "")))
    assert not judged(saved(RULE), attempt=TRIED)
    unknown = replace(STATE, masters=(replace(MASTER, worker_user=None),))
    assert not judged(saved(RULE), state=unknown)
