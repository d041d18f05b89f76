from dataclasses import replace
from datetime import timedelta

import pytest

from diagnose.model import Applicability, Severity, Vantage, commands
from diagnose.model.nginx import CertificateFile
from diagnose.model.server import PidFile
from tests.support.check_evidence import NOW, judge
from tests.support.front_evidence import (
    CLOUDFLARE,
    EDGE,
    behind,
    edge_handshake,
    edge_page,
    local,
)
from tests.support.nginx_evidence import LOADED, RUNNING, STOPPED, config
from tests.support.renewed_certificate import OLD, SERVED

CHECK = "certificate.renewed-not-loaded"
NEW = replace(OLD, not_after=NOW + timedelta(days=60), sha256="bb", serial="2")
FILE = CertificateFile(
    path="/etc/nginx/shop.pem", sha256="bb", chain=(NEW,), changed=LOADED + 30 * 86400
)


def test_fires_when_the_file_has_a_later_certificate_than_visitors_get() -> None:
    (claim,) = judge(CHECK, SERVED, FILE, RUNNING, config())
    assert claim.severity is None
    assert claim.facts["days"] == 30
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_as_a_warning_while_the_old_one_is_still_good() -> None:
    good = replace(OLD, not_after=NOW + timedelta(days=20))
    observation = replace(SERVED, chain=(good,), verify_code=0, failure=None)
    (claim,) = judge(CHECK, observation, FILE, RUNNING, config())
    assert claim.severity is Severity.WARNING


def test_silent_when_the_file_is_served() -> None:
    assert not judge(CHECK, replace(SERVED, chain=(NEW,)), FILE, RUNNING, config())


@pytest.mark.parametrize(
    "file",
    [
        replace(FILE, changed=LOADED - 60),
        replace(FILE, changed=None),
        replace(FILE, chain=(replace(NEW, not_after=NOW - timedelta(days=1)),)),
        replace(FILE, chain=(replace(NEW, dns_names=("blog.example.com",)),)),
    ],
    ids=["loaded since", "of unknown age", "expired itself", "for another name"],
)
def test_silent_when_a_reload_would_not_help(file: CertificateFile) -> None:
    assert not judge(CHECK, SERVED, file, RUNNING, config())


def test_silent_when_nginx_does_not_run() -> None:
    assert not judge(CHECK, SERVED, FILE, STOPPED, config())


def test_fires_behind_a_cdn_that_refuses_what_nginx_serves() -> None:
    page, own = edge_page(526, headers=CLOUDFLARE), local(chain=(OLD,), trusted=False)
    observations = (*behind(page, own, edge_handshake()), FILE, RUNNING, config())
    (claim,) = judge(CHECK, *observations)
    assert (claim.severity, claim.facts["behind"]) == (None, True)
    assert [subject.address for subject in claim.covers] == [EDGE]


def test_silent_behind_a_cdn_that_says_something_else_or_where_nginx_serves_the_file() -> None:
    own = local(chain=(OLD,), trusted=False)
    for status, served in ((524, own), (526, local(chain=(NEW,)))):
        page = edge_page(status, headers=CLOUDFLARE)
        assert not judge(CHECK, *behind(page, served, edge_handshake()), FILE, RUNNING, config())


def test_fires_and_signals_the_master_that_the_pid_file_does_not_name() -> None:
    """The service and `nginx -s reload` would fail with "invalid PID number"."""
    for number in (None, 4711):
        file = PidFile(vantage=Vantage.SERVER, path="/run/nginx.pid", pid=number)
        (claim,) = judge(CHECK, SERVED, FILE, RUNNING, config(), file)
        assert claim.fix
        assert claim.fix.steps[-1] == commands.reload_process(7)


def test_fires_and_reloads_as_usual_where_the_pid_file_names_the_master() -> None:
    file = PidFile(vantage=Vantage.SERVER, path="/run/nginx.pid", pid=7)
    (claim,) = judge(CHECK, SERVED, FILE, RUNNING, config(), file)
    assert claim.fix
    assert claim.fix.steps[-1] == commands.reload_nginx(("nginx",))
