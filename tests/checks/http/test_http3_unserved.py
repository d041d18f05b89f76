"""http.http3-unserved: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Edit, Severity
from diagnose.model.symptom import Symptom
from tests.support import haproxy_evidence
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "http.http3-unserved"
VALUE = 'h3=":443"; ma=86400'
ANNOUNCED = replace(page(200), headers=(("Alt-Svc", VALUE),))
TOLD = replace(SHOP, symptom=Symptom("tls", "net::ERR_QUIC_PROTOCOL_ERROR"))
LINE = f"    http-after-response set-header alt-svc '{VALUE}'\n"


def _haproxy(more: str) -> str:
    return haproxy_evidence.TEXT.replace("    default_backend", f"{more}    default_backend")


def _nginx(listen: str = "") -> str:
    return SITE.replace(
        "    listen", f"    {listen}\n    add_header Alt-Svc '{VALUE}';\n    listen", 1
    )


def test_fires_where_nothing_listens_for_it() -> None:
    text = _haproxy(LINE)
    told = (haproxy_evidence.SERVER, haproxy_evidence.config(text), ANNOUNCED)
    (claim,) = judge(CHECK, *told, target=TOLD, masked=False)
    assert claim.severity is None
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+    http-after-response set-header alt-svc "clear"' in edit.diff
    slow = replace(SHOP, symptom=Symptom("slow", "the site is slow"))
    (claim,) = judge(CHECK, *told, target=slow, masked=False)
    assert claim.severity is Severity.NOTE
    (claim,) = judge(CHECK, RUNNING, config(_nginx()), ANNOUNCED, target=TOLD)
    assert claim.facts["nginx"]


def test_silent_where_something_may_listen() -> None:
    text = _haproxy(f"    bind quic4@:443 ssl crt {haproxy_evidence.PEM} alpn h3\n{LINE}")
    assert not judge(
        CHECK, haproxy_evidence.SERVER, haproxy_evidence.config(text), ANNOUNCED, target=TOLD
    )
    assert not judge(CHECK, RUNNING, config(_nginx("listen 443 quic;")), ANNOUNCED, target=TOLD)
    assert not judge(CHECK, RUNNING, config(SITE), ANNOUNCED, target=TOLD)
    assert not judge(CHECK, RUNNING, config(_nginx()), page(200), target=TOLD)
    assert not judge(CHECK, RUNNING, config(_nginx()), ANNOUNCED)
