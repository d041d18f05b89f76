"""upstream.wrong-protocol: proxy_pass to PHP-FPM or to uWSGI's own socket."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Failure, Manual, Vantage
from diagnose.model.nginx import UpstreamTry
from diagnose.model.upstream import UpstreamProtocol, UpstreamTalk
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "upstream.wrong-protocol"
ASKED = UpstreamTry(
    vantage=Vantage.SERVER, target="http://127.0.0.1:3000", host="127.0.0.1", port=3000,
    address="127.0.0.1", asked=True, failure=Failure("closed", "connection closed"),
)  # fmt: skip
FASTCGI = UpstreamTalk(
    vantage=Vantage.SERVER, target="http://127.0.0.1:3000", host="127.0.0.1", port=3000,
    address="127.0.0.1", speaks="fastcgi", as_nginx=False,
)  # fmt: skip


def test_fires_on_php_and_a_person_names_the_script() -> None:
    (claim,) = judge(CHECK, config(), BUILD, RUNNING, page(502), ASKED, FASTCGI)
    assert claim.facts["protocol"] == "FastCGI"
    assert claim.facts["status"] == 502
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_on_uwsgi_and_the_edit_is_reviewed() -> None:
    uwsgi = replace(FASTCGI, speaks="uwsgi")
    (claim,) = judge(CHECK, config(), BUILD, RUNNING, page(502), ASKED, uwsgi)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = "+        include uwsgi_params;\n+        uwsgi_pass 127.0.0.1:3000;\n"
    assert added in edit.diff


def test_silent_where_http_is_answered_or_nginx_speaks_the_protocol() -> None:
    answered = replace(ASKED, failure=None, status=200)
    assert not judge(CHECK, config(), page(502), answered, FASTCGI)
    text = SITE.replace("proxy_pass http://127", "fastcgi_pass 127")
    assert not judge(CHECK, config(text), page(502), ASKED, FASTCGI)


def test_silent_without_an_answer_in_another_protocol() -> None:
    plain = replace(FASTCGI, speaks="http", status=400)
    assert not judge(CHECK, config(), page(502), ASKED, plain)


def test_fires_on_http2_and_a_person_decides() -> None:
    http2 = replace(FASTCGI, speaks="http2")
    (claim,) = judge(CHECK, config(), BUILD, RUNNING, page(502), ASKED, http2)
    assert claim.facts["protocol"] == "HTTP/2"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(("speaks", "name"), [("mqtt", "MQTT"), ("proxy", "PROXY + HTTP")])
def test_fires_on_a_broker_and_on_a_listener_behind_a_balancer(
    speaks: UpstreamProtocol, name: str
) -> None:
    talk = replace(FASTCGI, speaks=speaks)
    (claim,) = judge(CHECK, config(), BUILD, RUNNING, page(502), ASKED, talk)
    assert claim.facts["protocol"] == name
    assert claim.facts[speaks]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
