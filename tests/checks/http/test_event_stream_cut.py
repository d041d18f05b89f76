"""http.event-stream-cut: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Claim, Confidence, Edit, Observation
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page
from tests.support.nginx_evidence import RUNNING, SITE
from tests.support.nginx_evidence import config as nginx_config

CHECK = "http.event-stream-cut"
STREAM = replace(page(200), headers=(("Content-Type", "text/event-stream"),))
WORDS = "the EventSource connection is closed again and again, timeout tunnel has no impact"
LIMITS = "    mode http\n    timeout server 10s\n    timeout client 10s\n    timeout tunnel 1h\n"
SHORT = config(TEXT.replace("    mode http\n", LIMITS))


def told(*seen: Observation, text: str = WORDS) -> list[Claim]:
    return judge(CHECK, *seen, target=replace(SHOP, symptom=Symptom("stream", text)))


def test_fires_with_the_limit_of_haproxy() -> None:
    (claim,) = told(SERVER, SHORT, STREAM)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["setting"] == "timeout server 10s"
    assert claim.facts["tunnel"] == "timeout tunnel 1h"
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert edit.diff.count("+    timeout server 3600s\n") == 1
    assert "-    timeout" not in edit.diff


def test_fires_for_nginx() -> None:
    site = SITE.replace("proxy_pass ", "proxy_read_timeout 20s;\n    proxy_pass ", 1)
    (claim,) = told(RUNNING, nginx_config(site), STREAM)
    assert (claim.facts["seconds"], claim.facts["server"]) == (20, "nginx")


def test_silent_on_other_answers_words_and_limits() -> None:
    assert not told(SERVER, SHORT, page(200))
    assert not told(SERVER, SHORT, STREAM, text="the events arrive all at once")
    assert not told(SERVER, SHORT, STREAM, text="the stream is closed in the seventh tab")
    usual = config(TEXT.replace("    mode http\n", LIMITS.replace("10s", "1m")))
    assert not told(SERVER, usual, STREAM)
    assert not told(SERVER, config(TEXT), STREAM)
    assert not judge(CHECK, SERVER, SHORT, STREAM)
