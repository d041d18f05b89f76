from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Observation, Severity, Subject, Symptom
from diagnose.model.backends import KeptConnection
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.haproxy_evidence import page as haproxy_page
from tests.support.nginx_evidence import RUNNING, config
from tests.support.report_builder import ANSWER
from tests.support.upstream_evidence import logged
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "upstream.kept-connection-fails"
HANGS = KeptConnection(
    target="http://127.0.0.1:3000", path="/", first=200, second=None, fresh=200, waited=3.0,
    reused=True,
)  # fmt: skip
SHORT = replace(HANGS, second=200, fresh=None, waited=0.0, idle=5)
FAILED = replace(ANSWER, status=502)
TOLD = replace(SHOP, symptom=Symptom("upstream-closed", "upstream prematurely closed connection"))
NGINX = """\
upstream app {
    server 127.0.0.1:3000;
    keepalive 8;
}
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://app;
    }
}
"""


def added(claim: Claim) -> list[str]:
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return [line[1:].strip() for line in edit.diff.split("\n")[2:] if line[:1] in {"+", "-"}]


def behind_apache(kept: KeptConnection, page: Observation, text: str = HTTPS) -> list[Claim]:
    return judge(CHECK, APACHE, apache_config(text), LISTENING, page, kept, target=TOLD)


def test_fires_where_apache_keeps_connections_on_which_the_application_hangs() -> None:
    (claim,) = behind_apache(HANGS, FAILED)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is None
    assert added(claim) == ["SetEnv proxy-nokeepalive 1"]
    (claim,) = behind_apache(HANGS, ANSWER)
    assert claim.severity is Severity.WARNING, "this run's page came"


def test_fires_where_the_application_closes_first_after_a_message() -> None:
    (claim,) = behind_apache(SHORT, ANSWER)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["idle"] == 5


def test_fires_behind_nginx_and_shortens_or_drops_its_connections() -> None:
    (claim,) = judge(CHECK, RUNNING, config(NGINX), FAILED, HANGS, masked=False)
    assert added(claim) == ["keepalive 8;"]
    (claim,) = judge(CHECK, RUNNING, config(NGINX), ANSWER, SHORT, target=TOLD, masked=False)
    assert added(claim) == ["keepalive_timeout 4s;"]


def by_nginx(more: str = "", *seen: Observation) -> list[Claim]:
    text = NGINX.replace("        proxy_pass", f"        {more}proxy_pass")
    return judge(CHECK, RUNNING, config(text), ANSWER, SHORT, *seen, target=TOLD, masked=False)


def lost(request: str) -> Observation:
    message = "upstream prematurely closed connection while reading response header from upstream"
    return logged(message, request)


def test_is_possible_only_where_a_lost_request_is_sent_again() -> None:
    (claim,) = by_nginx("", lost("GET / HTTP/1.1"))
    assert claim.confidence is Confidence.POSSIBLE
    assert not claim.covers[0].covers(Subject(port=443)), "it explains no measured failure"
    (claim,) = by_nginx("", lost("POST /login HTTP/1.1"))
    assert claim.confidence is Confidence.LIKELY, "nginx sends a POST once"
    (claim,) = by_nginx("proxy_next_upstream off; ")
    assert claim.confidence is Confidence.LIKELY
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(), haproxy_page(200), SHORT, target=TOLD)
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_behind_haproxy() -> None:
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(), haproxy_page(504), HANGS, masked=False)
    assert added(claim) == ["option http-server-close"]


@pytest.mark.parametrize("kept", [HANGS, SHORT], ids=["hangs", "closes"])
@pytest.mark.parametrize("own", ["", " {\n\t\ttransport http {\n\t\t}\n\t}"], ids=["bare", "own"])
def test_fires_behind_caddy(kept: KeptConnection, own: str) -> None:
    text = f"shop.example.com {{\n\treverse_proxy 127.0.0.1:3000{own}\n}}\n"
    seen = (CADDY, caddy_config(text), LISTENING, FAILED, kept)
    (claim,) = judge(CHECK, *seen, target=TOLD, masked=False)
    assert ("keepalive 4s" if kept.idle else "keepalive off") in added(claim)


def test_silent_where_no_connection_is_kept() -> None:
    text = HTTPS.replace("  ProxyPass ", "  SetEnv proxy-nokeepalive 1\n  ProxyPass ", 1)
    assert not behind_apache(HANGS, FAILED, text)
    assert not judge(CHECK, RUNNING, config(NGINX.replace("keepalive", "#")), FAILED, HANGS)
    shorter = NGINX.replace("keepalive 8;", "keepalive 8; keepalive_timeout 4s;")
    assert not judge(CHECK, RUNNING, config(shorter), ANSWER, SHORT, target=TOLD)


def test_silent_where_the_application_answers_twice_or_never() -> None:
    assert not behind_apache(replace(HANGS, second=200), FAILED)
    assert not behind_apache(replace(HANGS, fresh=None), FAILED), "it hangs at all"
    assert not behind_apache(replace(HANGS, reused=False), FAILED)
    assert not behind_apache(replace(SHORT, idle=120), ANSWER)
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, ANSWER, SHORT), "nobody complains"


LOST = replace(
    SHOP,
    symptom=Symptom("upstream-closed", "AH01102: error reading status line from remote server"),
)  # fmt: skip
KEPT = replace(HANGS, second=200, fresh=None, waited=0.0)


def test_fires_on_apache_s_words_where_the_application_keeps_connections() -> None:
    seen = (APACHE, apache_config(HTTPS), LISTENING)
    (claim,) = judge(CHECK, *seen, ANSWER, KEPT, target=LOST)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert (claim.facts["lost"], claim.facts["hangs"]) == (True, False)
    assert added(claim) == ["SetEnv proxy-nokeepalive 1"]
    assert not judge(CHECK, *seen, FAILED, KEPT, target=LOST), "it fails now: something else"
    assert not judge(CHECK, *seen, ANSWER, KEPT), "nobody tells of a lost request"
    closing = replace(KEPT, says_close=True)
    assert not judge(CHECK, *seen, ANSWER, closing, target=LOST), "nothing is kept"
    alone = HTTPS.replace("127.0.0.1:3000/\n", "127.0.0.1:3000/ disablereuse=on\n", 1)
    assert alone != HTTPS
    done = (APACHE, apache_config(alone), LISTENING)
    assert not judge(CHECK, *done, ANSWER, KEPT, target=LOST), "Apache keeps none"
    assert not judge(CHECK, RUNNING, config(NGINX), ANSWER, KEPT, target=LOST)
    late = "(70007)The timeout specified has expired: AH01102: error reading status line"
    slow = replace(SHOP, symptom=Symptom("upstream-closed", late))
    assert not judge(CHECK, *seen, ANSWER, KEPT, target=slow), "it was too slow"
