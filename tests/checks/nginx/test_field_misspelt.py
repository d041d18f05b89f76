"""nginx.field-misspelt: when it fires, and when it is silent."""

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.nginx import NginxConfig
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config

CHECK = "nginx.field-misspelt"


def sends(*fields: str) -> NginxConfig:
    lines = "".join(f"    proxy_set_header {field};\n" for field in fields)
    return config(
        "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n  location / {\n"
        f"    proxy_pass http://127.0.0.1:3000;\n{lines}  }}\n}}\n"
    )


def test_fires_and_corrects_every_name() -> None:
    """https://github.com/edumeet/edumeet/issues/207."""
    fields = ("Host $host", "X-Fowarded-For $remote_addr", "X-Fowarded-Proto $scheme")
    (claim,) = judge(CHECK, RUNNING, sends(*fields))
    assert (claim.severity or Severity.NOTE, claim.confidence) == (
        Severity.NOTE,
        Confidence.CERTAIN,
    )
    assert (claim.facts["written"], claim.facts["meant"]) == ("X-Fowarded-For", "X-Forwarded-For")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    proxy_set_header X-Forwarded-For $remote_addr;" in str(claim.fix.steps[0])
    assert "+    proxy_set_header X-Forwarded-Proto $scheme;" in str(claim.fix.steps[0])


def test_silent_where_the_name_is_right_or_another_one() -> None:
    right = (
        "Host $host",
        "x-forwarded-proto $scheme",
        "X-Forwarded-Port 443",
        "X-Real-IP $remote_addr",
    )
    assert not judge(CHECK, RUNNING, sends(*right))
    others = (
        "X-Forwarded-Protocol $scheme",
        "X-Forwarded-Path /a",
        "X-Forwarded-Ssl on",
        "X-Own 1",
    )
    assert not judge(CHECK, RUNNING, sends(*others))
    both = ("X-Forwarded-Proto $scheme", "X-Forward-Proto $scheme")
    assert not judge(CHECK, RUNNING, sends(*both))
    assert not judge(CHECK, RUNNING, sends('X-Forward-Proto ""'))
