from dataclasses import replace

from diagnose.model.nginx import UpstreamTry
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, config
from tests.support.report_builder import ANSWER

CHECK = "server.redirect-behind-terminator"
TEXT = """\
defaults
    mode http
frontend f
    bind :8080
    redirect scheme https code 301 if !{ ssl_fc }
    default_backend app
backend app
    server a 127.0.0.1:3000
"""
BEHIND = replace(SERVER, ports=(8080,))
LOOP = replace(ANSWER, status=301, headers=(("Location", ANSWER.url),))
TRY = UpstreamTry(target="http://127.0.0.1:8080", host="127.0.0.1", port=8080, path="/")


def test_fires_for_the_rule_behind_nginx() -> None:
    (claim,) = judge(CHECK, BEHIND, config(TEXT), LOOP, TRY)
    assert claim.facts["behind"] == 8080
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:5"


def test_silent_for_another_port_a_condition_or_a_page() -> None:
    assert not judge(CHECK, BEHIND, config(TEXT), LOOP, replace(TRY, port=3000))
    asked = TEXT.replace("!{ ssl_fc }", "!{ ssl_fc } !{ hdr(X-Forwarded-Proto) https }")
    assert not judge(CHECK, BEHIND, config(asked), LOOP, TRY)
    assert not judge(CHECK, BEHIND, config(TEXT), ANSWER, TRY)
