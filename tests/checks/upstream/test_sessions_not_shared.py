"""upstream.sessions-not-shared: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Edit, Vantage
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import SessionTrial
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING
from tests.support.page_errors import page
from tests.support.upstreams import proxied

CHECK = "upstream.sessions-not-shared"
SERVERS = "server 127.0.0.1:3000; server 127.0.0.1:3001;"
TRIAL = SessionTrial(
    vantage=Vantage.SERVER, target="http://shop", path="/", cookie="JSESSIONID",
    own="127.0.0.1:3000", other="127.0.0.1:3001", is_kept=False,
)  # fmt: skip


def group(lines: str = "") -> NginxConfig:
    return proxied("http://shop", f"upstream shop {{\n    {lines}{SERVERS}\n}}\n")


def test_fires_where_the_second_server_does_not_know_the_session() -> None:
    (claim,) = judge(CHECK, page(200), RUNNING, group(), TRIAL)
    assert (claim.facts["group"], claim.facts["cookie"]) == ("shop", "JSESSIONID")
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+    ip_hash;" in edit.diff


def test_another_method_is_replaced_after_a_review() -> None:
    (claim,) = judge(CHECK, page(200), RUNNING, group("least_conn;\n"), TRIAL)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_silent_where_the_sessions_are_shared() -> None:
    assert not judge(CHECK, page(200), RUNNING, group(), replace(TRIAL, is_kept=True))


def test_silent_where_a_client_keeps_its_server() -> None:
    assert not judge(CHECK, page(200), RUNNING, group("hash $cookie_JSESSIONID;"), TRIAL)
