"""websocket.ended-by-reload: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Vantage
from diagnose.model.nginx import ConfigFile, NginxConfig, NginxState
from diagnose.model.symptom import Symptom
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import NOW, SHOP, judge
from tests.support.nginx_evidence import FILE, LOADED, RUNNING, SITE

CHECK = "websocket.ended-by-reload"
WHOLE = f"http {{\n{SITE}}}\n"
SHORT = f"worker_shutdown_timeout 10s;\n{WHOLE}"


def config(text: str) -> NginxConfig:
    return NginxConfig(
        vantage=Vantage.SERVER, path=FILE, main=nginx_parser.parse(text, FILE),
        files=(ConfigFile(FILE, text, LOADED - 60),),
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        "websockets disconnect after each nginx reload",
        "les connexions websocket sont coupées quand nginx est rechargé",
        "nginx 重载之后 websocket 断开",
        "wss connections drop every hour when certbot renews",
    ],
)
def test_fires_on_words_about_a_reload(words: str) -> None:
    told = replace(SHOP, symptom=Symptom("websocket-closed", words))
    (claim,) = judge(CHECK, RUNNING, config(SHORT), target=told)
    assert (claim.confidence, claim.facts["seconds"]) == (Confidence.LIKELY, 10)
    assert claim.fix
    assert any(isinstance(step, Edit) and "1h" in step.diff for step in claim.fix.steps)


def test_silent_with_a_long_time_without_the_line_and_without_the_words() -> None:
    told = replace(SHOP, symptom=Symptom("websocket-closed", "websocket closed at a reload"))
    assert not judge(CHECK, RUNNING, config(SHORT.replace("10s", "300s")), target=told)
    assert not judge(CHECK, RUNNING, config(WHOLE), target=told)
    other = replace(SHOP, symptom=Symptom("websocket-closed", "closes after a minute"))
    assert not judge(CHECK, RUNNING, config(SHORT), target=other)
    assert not judge(CHECK, RUNNING, config(SHORT))


DROPS = "the websocket drops every 20 seconds or so although both sides keep sending"


def reloaded(ago: float, after: float = 600.0) -> NginxState:
    """nginx as it is if it was reloaded so many seconds ago, and started so long before that."""
    loaded = NOW.timestamp() - ago
    master = replace(RUNNING.masters[0], started=loaded - after, loaded=loaded)
    return replace(RUNNING, masters=(master,))


def test_fires_where_nginx_was_reloaded_within_the_time_that_is_told() -> None:
    """Issue 2647 of kubernetes/ingress-nginx."""
    told = replace(SHOP, symptom=Symptom("websocket-closed", DROPS))
    (claim,) = judge(CHECK, reloaded(9), config(SHORT), target=told)
    assert (claim.confidence, claim.facts["told"]) == (Confidence.LIKELY, False)
    assert (claim.facts["ago"], claim.facts["unchanged"]) == (9, True)
    changed = NginxConfig(
        vantage=Vantage.SERVER, path=FILE, main=nginx_parser.parse(SHORT, FILE),
        files=(ConfigFile(FILE, SHORT, NOW.timestamp() - 12),),
    )  # fmt: skip
    (claim,) = judge(CHECK, reloaded(9), changed, target=told)
    assert claim.confidence is Confidence.POSSIBLE


def test_silent_where_a_reload_does_not_fit_the_time_that_is_told() -> None:
    told = replace(SHOP, symptom=Symptom("websocket-closed", DROPS))
    assert not judge(CHECK, reloaded(40), config(SHORT), target=told)
    assert not judge(CHECK, reloaded(9, after=1), config(SHORT), target=told)
    assert not judge(CHECK, reloaded(9), config(SHORT.replace("10s", "60s")), target=told)
    minute = replace(SHOP, symptom=Symptom("websocket-closed", "it drops after 60 seconds"))
    assert not judge(CHECK, reloaded(9), config(SHORT), target=minute)


@pytest.mark.parametrize(
    "words",
    [
        "websocket disconnects when I reload the page",
        "WebSocket bricht ab, wenn ich die Seite neu lade: neu laden hilft nicht",
        "重新加载页面后 websocket 断开",
    ],
)
def test_silent_for_the_reload_of_a_page(words: str) -> None:
    told = replace(SHOP, symptom=Symptom("websocket-closed", words))
    assert not judge(CHECK, RUNNING, config(SHORT), target=told)
