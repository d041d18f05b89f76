"""upstream.header-limit: an application that takes less header than visitors send."""

from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Manual,
    Symptom,
    Target,
    Vantage,
    Where,
)
from diagnose.model.applications import ReadSetting
from diagnose.model.logs import FailedRequests
from diagnose.model.requests import HeaderTrial
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "upstream.header-limit"
TRIAL = HeaderTrial(
    vantage=Vantage.SERVER, target="http://127.0.0.1:3000", path="/", address="127.0.0.1",
    port=3000, normal=200, served=3600, refused=7500, status=431,
)  # fmt: skip
LOGGED = FailedRequests(
    file="/var/log/nginx/access.log", method="GET", path="/", status=431, written="now", times=3
)
NODE = Listeners(
    sockets=(Listener(address="127.0.0.1", port=3000, family=4, pid=9, process="node"),)
)
TOLD = replace(SHOP, symptom=Symptom("status", "431 Request Header Fields Too Large", 431))


def judged(trial: HeaderTrial, *more: FailedRequests, target: Target = SHOP) -> list[Claim]:
    observations = (config(SITE), BUILD, RUNNING, page(200), NODE, trial, *more)
    return judge(CHECK, *observations, target=target, masked=False)


def test_fires_for_the_visitors_in_the_log() -> None:
    (claim,) = judged(TRIAL, LOGGED)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["served"], claim.facts["refused"]) == (3600, 7500)
    assert (claim.facts["log"], claim.facts["times"]) == (LOGGED.file, 3)
    assert claim.facts["node"]
    assert claim.fix
    assert claim.fix.steps == (Manual("raise-the-limit", Where.APPLICATION),)


def test_fires_for_the_status_of_a_message() -> None:
    (claim,) = judged(TRIAL, target=TOLD)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.is_reported
    (claim,) = judged(replace(TRIAL, status=400), target=TOLD)
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_uwsgi_which_nginx_asks() -> None:
    text = "invalid request block size: 4208 (max 4096)...skip"
    told = replace(SHOP, symptom=Symptom("request-header", text))
    (claim,) = judged(replace(TRIAL, status=502, is_direct=False), target=told)
    assert claim.facts["uwsgi"]
    assert claim.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "trial",
    [
        replace(TRIAL, refused=None, status=None, served=31500),
        replace(TRIAL, status=302),
        replace(TRIAL, status=503),
    ],
)
def test_silent_where_large_headers_are_served_or_something_else_fails(trial: HeaderTrial) -> None:
    assert not judged(trial, LOGGED)


def test_fires_behind_another_server_than_nginx() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), NODE, TRIAL, target=TOLD)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["node"]
    assert claim.location is None


def test_silent_about_the_limit_of_the_server_in_front() -> None:
    trial = replace(TRIAL, server="apache", status=400)
    assert not judge(CHECK, APACHE, apache_config(), page(200), NODE, trial, target=TOLD)


SETTING = ReadSetting(
    application="program", topic="header-limit", key="--max-http-header-size",
    file="/etc/systemd/system/shop.service", number=2, line="ExecStart=/usr/bin/node a.js",
    new="ExecStart=/usr/bin/node --max-http-header-size=65536 a.js", unit="shop.service",
)  # fmt: skip


def test_edits_the_unit_whose_line_is_known() -> None:
    observations = (config(SITE), BUILD, RUNNING, page(200), NODE, TRIAL, SETTING)
    (claim,) = judge(CHECK, *observations, target=TOLD, masked=False)
    assert claim.facts["set"] == "/etc/systemd/system/shop.service:2"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, reload, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert f"\n+{SETTING.new}\n" in edit.diff
    assert isinstance(reload, Command)
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "shop")
