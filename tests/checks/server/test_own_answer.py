from dataclasses import replace

from diagnose.model import Confidence
from diagnose.model.backends import BackendAnswer, BackendHandshake
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.own-answer"
REFUSED = replace(ANSWER, status=403, body="<h1>Members only</h1>")
DIRECT = BackendAnswer(
    target="http://127.0.0.1:3000/", path="/", host="shop.example.com", proto="https", status=403
)
FILES = "".join(line for line in HTTPS.splitlines(keepends=True) if "Proxy" not in line)


def test_fires_when_the_application_answers_the_same() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), REFUSED, DIRECT)
    assert claim.facts["application"] == "127.0.0.1:3000"


def test_is_likely_where_the_application_gets_another_path() -> None:
    config = HTTPS.replace("ProxyPass / http", "ProxyPass /app http")
    target = replace(SHOP, path="/app/x")
    refused = replace(REFUSED, url=target.url)
    (claim,) = judge(CHECK, APACHE, apache_config(config), refused, DIRECT, target=target)
    assert (claim.facts["inner"], claim.confidence) == ("//x", Confidence.LIKELY)


def test_fires_when_the_server_has_no_application() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(FILES), REFUSED)
    assert claim.facts["application"] == ""


def test_silent_when_the_application_answers_otherwise_or_was_not_asked() -> None:
    other = replace(DIRECT, status=200)
    assert not judge(CHECK, APACHE, apache_config(), REFUSED, other)
    assert not judge(CHECK, APACHE, apache_config(), REFUSED)


def test_silent_when_the_port_that_was_asked_in_plain_http_speaks_tls() -> None:
    bad = replace(REFUSED, status=400)
    direct = replace(DIRECT, status=400)
    shaken = BackendHandshake(target=DIRECT.target, host="127.0.0.1", port=3000, verify_code=18)
    assert judge(CHECK, APACHE, apache_config(), bad, direct)
    assert judge(CHECK, APACHE, apache_config(), bad, direct, replace(shaken, verify_code=None))
    assert not judge(CHECK, APACHE, apache_config(), bad, direct, shaken)


def test_silent_when_the_page_came_or_wants_a_login() -> None:
    for status in (200, 401, 500):
        assert not judge(CHECK, APACHE, apache_config(), replace(ANSWER, status=status), DIRECT)


def test_silent_at_the_address_of_a_websocket_that_opens() -> None:
    answer, refused = replace(DIRECT, status=400, path="/ws"), replace(REFUSED, status=400)
    config = apache_config(HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", ""))
    assert judge(CHECK, APACHE, config, refused, answer, upgrade(400), target=CHAT)
    assert not judge(
        CHECK, APACHE, config, refused, answer, upgrade(101, accepted=True), target=CHAT
    )
