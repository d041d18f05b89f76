from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Vantage
from diagnose.model.backends import UpgradeTrial
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

CHECK = "upstream.upgrade-lost"
PATH = replace(SHOP, path="/ts2021")
TRIAL = UpgradeTrial(
    vantage=Vantage.SERVER,
    method="POST",
    path="/ts2021",
    protocol="tailscale-control-protocol",
    application="http://127.0.0.1:3000/ts2021",
    status=500,
    direct_status=101,
)


def diff_of(claim: Claim) -> str:
    steps = claim.fix.steps if claim.fix else ()
    return "".join(step.diff for step in steps if isinstance(step, Edit))


def test_fires_with_the_lines_for_nginx() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), TRIAL, target=PATH)
    assert (claim.confidence, claim.facts["product"]) == (Confidence.CERTAIN, "nginx")
    assert "proxy_set_header Upgrade $http_upgrade;" in diff_of(claim)


def test_apache_gets_the_parameter() -> None:
    (claim,) = judge(CHECK, APACHE, LISTENING, apache_config(), TRIAL, target=PATH)
    assert claim.facts["product"] == "Apache"
    assert "upgrade=ANY" in diff_of(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fields_for_websocket_alone_are_a_persons() -> None:
    only = "proxy_set_header Upgrade websocket; proxy_set_header Connection upgrade;"
    text = SITE.replace("proxy_pass", f"{only} proxy_pass")
    (claim,) = judge(CHECK, RUNNING, config(text), TRIAL, target=PATH)
    assert diff_of(claim) == ""


@pytest.mark.parametrize(
    "trial",
    [
        replace(TRIAL, status=101),
        replace(TRIAL, direct_status=500),
        replace(TRIAL, status=None),
        replace(TRIAL, direct_status=404, status=404),
    ],
)
def test_silent_where_both_answer_alike(trial: UpgradeTrial) -> None:
    assert judge(CHECK, RUNNING, config(SITE), trial, target=PATH) == []
