"""nginx.failed-at-times: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Symptom
from diagnose.model.logs import LogLine
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import LOG_READ, RUN_BEGAN, logged, page

CHECK = "nginx.failed-at-times"
CLOSED = "upstream prematurely closed connection while reading response header from upstream"
KEPT = "upstream app {\n server 127.0.0.1:3000;\n keepalive 16;\n}\n"


def line(text: str, when: float = RUN_BEGAN - 60) -> LogLine:
    return logged(text, when=when, path="/api")


def judged(
    *lines: LogLine, text: str = SITE, words: str = "502 every now and then", status: int = 200
) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("status", words, 502))
    observations = (RUNNING, config(text), page(status), LOG_READ, *lines)
    return judge(CHECK, *observations, target=target, masked=False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (CLOSED, "closed"),
        ("upstream timed out (110: Connection timed out)", "late"),
        ("connect() failed (111: Connection refused)", "refused"),
        ('limiting requests, excess: 4.061 by zone "customer"', "limit"),
    ],
)
def test_fires_on_what_the_log_has(text: str, reason: str) -> None:
    (claim,) = judged(line(text), line(text))
    assert (claim.facts[reason], claim.facts["times"]) == (True, 2)
    assert claim.about.path == "/api"


def test_fires_and_names_the_connections_that_are_kept() -> None:
    kept = KEPT + SITE.replace("http://127.0.0.1:3000", "http://app")
    (claim,) = judged(line(CLOSED), text=kept)
    assert claim.facts["kept"]
    assert not judged(line(CLOSED))[0].facts["kept"]


def test_silent_without_such_a_message_where_it_fails_now_and_on_other_lines() -> None:
    assert not judged(line(CLOSED), words="502 Bad Gateway")
    assert not judged(line(CLOSED), status=502)
    assert not judged(line(CLOSED, RUN_BEGAN + 1))
    assert not judged(line('open() "/srv/a" failed (2: No such file or directory)'))
