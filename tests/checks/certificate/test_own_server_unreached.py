"""certificate.own-server-unreached: when it fires, and when it is silent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from diagnose.model import (
    Applicability,
    Command,
    Confidence,
    Manual,
    Observation,
    Severity,
    Vantage,
)
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import OwnServerRenewal, RenewalFailure
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.nginx.edits import apply_patch
from tests.support.certificates import leaf
from tests.support.check_evidence import NOW, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import BUILD, RUNNING, config

CHECK = "certificate.own-server-unreached"
URL = "http://shop.example.com/.well-known/acme-challenge/x"
OWN = OwnServerRenewal(
    vantage=Vantage.SERVER, tool="acme.sh", name="shop.example.com", port=8899,
    source="/root/.acme.sh/shop.example.com_ecc/shop.example.com.conf",
)  # fmt: skip
LEGO = replace(
    OWN, tool="lego", port=81, source="/etc/cron.d/lego",
    command="lego --http --http.port :81 -d shop.example.com renew",
)  # fmt: skip
PLAIN = """\
server {
    listen 80;
    server_name shop.example.com;
    location / {
        return 301 https://$host$request_uri;
    }
}
server {
    listen 443 ssl;
    server_name shop.example.com;
    ssl_certificate /etc/ssl/shop.pem;
    location / { proxy_pass http://127.0.0.1:3000; }
}
"""
FRONT = """\
defaults
    mode http
frontend http
    bind :80
    http-request redirect scheme https code 301 unless { path /health }
    redirect scheme https if { hdr(host) -i a.example } or { hdr(host) -i b.example }
frontend https
    bind :443 ssl crt /etc/ssl/shop.pem
    default_backend app
backend app
    server app 127.0.0.1:3000
"""


def file(days: float = 5) -> CertificateFile:
    end = NOW + timedelta(days=days)
    chain = (leaf(not_before=end - timedelta(days=90), not_after=end),)
    return CertificateFile(path="/etc/ssl/shop.pem", chain=chain)


def held(process: str) -> Listeners:
    socket = Listener(vantage=Vantage.SERVER, address="0.0.0.0", port=80, family=4, process=process)
    return Listeners(vantage=Vantage.SERVER, sockets=(socket,))


def of_nginx(text: str) -> tuple[Observation, ...]:
    return held("nginx"), config(text), BUILD, RUNNING


def test_fires_and_has_nginx_pass_challenges_on() -> None:
    (claim,) = judge(CHECK, LEGO, file(), *of_nginx(PLAIN))
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "proxy_pass http://127.0.0.1:81;" in claim.fix.edits[0].diff
    typed = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert tuple(LEGO.command.split()) in typed


@pytest.mark.parametrize(
    ("old", "gone"),
    [
        ("root /var/www/acme; try_files $uri =404;", "try_files"),
        ("proxy_pass http://127.0.0.1:8888;", "8888"),
    ],
)
def test_fires_and_replaces_what_the_location_of_challenges_does(old: str, gone: str) -> None:
    own = f"location /.well-known/acme-challenge/ {{ {old} }}\n    location / {{"
    text = PLAIN.replace("location / {", own, 1)
    (claim,) = judge(CHECK, OWN, file(), *of_nginx(text))
    assert claim.fix
    after = apply_patch(config(text).files[0].text, claim.fix.edits[0].diff)
    assert after
    assert "proxy_pass http://127.0.0.1:8899;" in after
    assert gone not in after


def test_fires_and_has_haproxy_pass_challenges_on_before_every_redirect() -> None:
    server = replace(HAPROXY, ports=(80, 443))
    (claim,) = judge(CHECK, OWN, file(-1), held("haproxy"), server, haproxy_config(FRONT))
    assert claim.severity is Severity.ERROR
    assert claim.fix
    diff = claim.fix.edits[0].diff
    path = "{ path_beg /.well-known/acme-challenge/ }"
    assert f"+    use_backend acme_challenge if {path}" in diff
    assert f"unless {{ path /health }} || {path}" in diff
    assert f"a.example }} !{path} || {{ hdr(host) -i b.example }} !{path}" in diff
    assert "+    server acme 127.0.0.1:8899" in diff


def test_fires_and_leaves_a_frontend_that_closes_paths_to_a_person() -> None:
    text = FRONT.replace("    bind :80\n", "    bind :80\n    http-request deny if { path /x }\n")
    server = replace(HAPROXY, ports=(80, 443))
    (claim,) = judge(CHECK, OWN, file(), held("haproxy"), server, haproxy_config(text))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_leaves_what_other_sites_and_tools_rely_on_to_a_person() -> None:
    rule = "    use_backend other if { path_beg /.well-known/acme-challenge/ }\n"
    text = FRONT.replace("    bind :80\n", f"    bind :80\n{rule}")
    text += "backend other\n    server other 127.0.0.1:8080\n"
    server = replace(HAPROXY, ports=(80, 443))
    (claim,) = judge(CHECK, OWN, file(), held("haproxy"), server, haproxy_config(text))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    own = "location /.well-known/acme-challenge/ { root /var/www/acme; }\n    location / {"
    for_all = PLAIN.replace("shop.example.com", "_", 1).replace("location / {", own, 1)
    (claim,) = judge(CHECK, OWN, file(), *of_nginx(for_all))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_for_certain_where_the_log_says_it() -> None:
    failure = RenewalFailure(
        tool="acme.sh", source="/root/.acme.sh/acme.sh.log", when=NOW.timestamp(),
        message=f"203.0.113.10: Invalid response from {URL}: 503", status=503,
    )  # fmt: skip
    (claim,) = judge(CHECK, OWN, file(), failure, *of_nginx(PLAIN))
    assert claim.confidence is Confidence.CERTAIN


def test_silent_where_challenges_reach_the_tool() -> None:
    own = "location /.well-known/ { proxy_pass http://127.0.0.1:8899; }\n    location / {"
    assert not judge(CHECK, OWN, file(), *of_nginx(PLAIN.replace("location / {", own)))
    server = replace(HAPROXY, ports=(80, 443))
    text = FRONT.replace(
        "    bind :80\n",
        "    bind :80\n    use_backend acme if { path_beg /.well-known/acme-challenge/ }\n",
    )
    text += "backend acme\n    server acme 127.0.0.1:8899\n"
    assert not judge(CHECK, OWN, file(), held("haproxy"), server, haproxy_config(text))


def test_silent_where_the_tool_has_port_80_or_something_stops_the_server() -> None:
    assert not judge(CHECK, replace(OWN, port=80), file(), *of_nginx(PLAIN))
    stopped = replace(OWN, stopped_by="/etc/cron.d/acme")
    assert not judge(CHECK, stopped, file(), *of_nginx(PLAIN))


def test_silent_where_nobody_knows_who_has_port_80() -> None:
    assert not judge(CHECK, OWN, file(), held("docker-proxy"), config(PLAIN), BUILD, RUNNING)
