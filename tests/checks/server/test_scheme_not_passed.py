from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.backends import BackendAnswer
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, MODULES, apache_config

CHECK = "server.scheme-not-passed"
URL = "https://shop.example.com/"
LOOP = replace(ANSWER, status=301, headers=(("Location", URL),))
PLAIN = BackendAnswer(
    target="http://127.0.0.1:3000/",
    path="/",
    host="shop.example.com",
    status=301,
    location=URL,
)
SECURE = replace(PLAIN, proto="https", status=200, location="")


def test_fires_and_sends_the_header() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), LOOP, PLAIN, SECURE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RequestHeader set X-Forwarded-Proto https\n" in edit.diff


def test_fires_and_loads_the_module_that_the_header_needs() -> None:
    config = apache_config(modules=tuple(name for name in MODULES if name != "headers"))
    (claim,) = judge(CHECK, APACHE, config, LOOP, PLAIN, SECURE)
    assert claim.fix
    assert "a2enmod" in str(claim.fix.steps[0])


def test_fires_for_haproxy() -> None:
    here = [replace(answer, target="http://127.0.0.1:3000") for answer in (PLAIN, SECURE)]
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(), LOOP, *here)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert (
        "http-request set-header X-Forwarded-Proto https if { ssl_fc }" in claim.fix.steps[0].diff
    )


def test_silent_when_the_application_redirects_anyway_or_somebody_else_does() -> None:
    again = replace(SECURE, status=301, location=URL)
    assert not judge(CHECK, APACHE, apache_config(), LOOP, PLAIN, again)
    own = replace(PLAIN, status=200, location="")
    assert not judge(CHECK, APACHE, apache_config(), LOOP, own, SECURE)
    assert not judge(CHECK, APACHE, apache_config(), ANSWER, PLAIN, SECURE)


def test_the_header_is_set_anew_below_the_line_that_sets_another() -> None:
    rule = "    http-request set-header x-forwarded-proto http\n"
    text = TEXT.replace("backend app\n    option", f"backend app\n{rule}    option")
    here = [replace(answer, target="http://127.0.0.1:3000") for answer in (PLAIN, SECURE)]
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), LOOP, *here)
    assert claim.facts["written_place"] == "/etc/haproxy/haproxy.cfg:9"
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert f" {rule}+    http-request set-header X-Forwarded-Proto https if" in edit.diff
