"""nginx.grpc-without-http2: when it fires, and when it is silent."""

from diagnose.model import Applicability, Severity
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, config

SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        grpc_pass grpc://127.0.0.1:50051;
    }
}
"""
CHECK = "nginx.grpc-without-http2"


def test_fires_and_turns_it_on() -> None:
    (claim,) = judge(CHECK, BUILD, RUNNING, config(SITE))
    assert claim.facts["application"] == "grpc://127.0.0.1:50051"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_without_an_edit_for_an_unknown_version() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_as_a_note_beside_a_page() -> None:
    page = "    location / {\n        root /srv;\n    }\n    location /a.Greeter/ {"
    (claim,) = judge(CHECK, BUILD, RUNNING, config(SITE.replace("    location / {", page)))
    assert claim.severity is Severity.NOTE
    assert claim.facts["location"] == "location /a.Greeter/"


def test_silent_with_http2_and_without_grpc() -> None:
    directive = SITE.replace("    server_name", "    http2 on;\n    server_name")
    parameter = SITE.replace("443 ssl", "443 ssl http2")
    pages = SITE.replace("grpc_pass grpc:", "proxy_pass http:")
    for text in (directive, parameter, pages):
        assert not judge(CHECK, BUILD, RUNNING, config(text))
