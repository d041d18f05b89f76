"""upstream.connection-login-lost: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "upstream.connection-login-lost"


def asking(*offers: str, status: int = 401) -> Exchange:
    return replace(page(status), headers=tuple(("WWW-Authenticate", offer) for offer in offers))


@pytest.mark.parametrize("offers", [("Negotiate", "NTLM"), ("NTLM",), ("Negotiate, NTLM",)])
def test_fires_behind_proxy_pass(offers: tuple[str, ...]) -> None:
    # The field of a login is masked in a record.
    (claim,) = judge(CHECK, RUNNING, config(), asking(*offers), masked=False)
    assert claim.facts["application"] == "http://127.0.0.1:3000"


@pytest.mark.parametrize("offers", [("Negotiate",), ('Basic realm="NTLM"',), ()])
def test_silent_for_logins_of_requests(offers: tuple[str, ...]) -> None:
    assert not judge(CHECK, RUNNING, config(), asking(*offers))


def test_silent_for_a_page_that_answers() -> None:
    assert not judge(CHECK, RUNNING, config(), asking("NTLM", status=200))


def test_silent_where_nginx_keeps_connections_apart() -> None:
    group = "upstream intranet { server 10.0.0.5; ntlm; }\n"
    text = group + SITE.replace("127.0.0.1:3000", "intranet")
    assert not judge(CHECK, RUNNING, config(text), asking("NTLM"))


def test_silent_where_nginx_passes_nothing_on() -> None:
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv;")
    assert not judge(CHECK, RUNNING, config(text), asking("NTLM"))
