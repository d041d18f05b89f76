"""websocket.location-internal: when it fires, and when it is silent."""

from diagnose.model import Applicability, Claim, Edit
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.location-internal"
PASS = "proxy_pass http://127.0.0.1:3000;"
LOCATION = f"    location /ws {{\n        internal;\n        {PASS}\n    }}\n"
INTERNAL = SITE.replace("    location / {", f"{LOCATION}    location / {{")


def claims(text: str, status: int = 404) -> list[Claim]:
    return judge(CHECK, RUNNING, config(text), upgrade(status), target=CHAT)


def test_fires_and_removes_the_line() -> None:
    (claim,) = claims(INTERNAL)
    assert claim.facts["location"] == "location /ws"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "-        internal;" in edit.diff


def test_silent_where_the_handshake_is_answered_or_refused_otherwise() -> None:
    assert not claims(INTERNAL, 101)
    assert not claims(INTERNAL, 403)


def test_silent_where_the_line_is_not_there_or_nothing_is_passed_on() -> None:
    assert not claims(INTERNAL.replace("        internal;\n", ""))
    assert not claims(INTERNAL.replace(f"internal;\n        {PASS}", "internal;"))
