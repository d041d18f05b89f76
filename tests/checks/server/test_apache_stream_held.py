"""server.apache-stream-held: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.apache-stream-held"
HANDLER = (
    '<FilesMatch "\\.php$">\n        SetHandler "proxy:fcgi://127.0.0.1:9000"\n    </FilesMatch>'
)
SITE = "<VirtualHost *:443>\n    ServerName shop.example.com\n    {}\n</VirtualHost>\n"
HEADERS = (("Content-Type", "text/event-stream; charset=UTF-8"),)
LATE = replace(ANSWER, status=200, took=9.0, headers=HEADERS)


def judged(
    lines: str = HANDLER, page: Exchange = LATE, symptom: Symptom | None = None
) -> list[Claim]:
    seen = apache_config(SITE.format(lines))
    return judge(CHECK, APACHE, seen, page, target=replace(SHOP, symptom=symptom), masked=False)


def difference(claim: Claim) -> str:
    edit = claim.fix.steps[0] if claim.fix else None
    return edit.diff if isinstance(edit, Edit) else ""


@pytest.mark.parametrize(
    ("lines", "worker", "added"),
    [
        (
            HANDLER,
            "fcgi://127.0.0.1:9000",
            '+    <Proxy "fcgi://127.0.0.1:9000" flushpackets=on>\n',
        ),
        (
            HANDLER.replace("fcgi://127.0.0.1:9000", "unix:/run/php.sock|fcgi://localhost"),
            "fcgi://localhost",
            '+    <Proxy "fcgi://localhost" flushpackets=on>\n+    </Proxy>\n',
        ),
        (
            f'<Proxy "fcgi://127.0.0.1:9000" max=10>\n    </Proxy>\n    {HANDLER}',
            "fcgi://127.0.0.1:9000",
            '+    <Proxy "fcgi://127.0.0.1:9000" max=10 flushpackets=on>\n',
        ),
        (
            "ProxyPassMatch ^/(.*\\.php)$ fcgi://127.0.0.1:9000/srv/$1\n"
            "    ProxyPass / fcgi://127.0.0.1:9000/srv/",
            "fcgi://127.0.0.1:9000",
            "+    ProxyPass / fcgi://127.0.0.1:9000/srv/ flushpackets=on\n",
        ),
    ],
)
def test_fires_and_passes_the_events_on_at_once(lines: str, worker: str, added: str) -> None:
    (claim,) = judged(lines)
    assert (claim.confidence, claim.facts["worker"]) == (Confidence.LIKELY, worker)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert added in difference(claim)


def test_fires_after_words_about_a_stream() -> None:
    page = replace(ANSWER, status=200)
    (claim,) = judged(page=page, symptom=Symptom("stream", "the events come all at once"))
    assert not claim.facts["seconds"]


@pytest.mark.parametrize(
    "page",
    [
        replace(LATE, took=0.2),
        replace(LATE, headers=(("Content-Type", "text/html"),)),
        replace(LATE, headers=(*HEADERS, ("Content-Encoding", "gzip"))),
    ],
)
def test_silent_where_the_stream_is_not_held(page: Exchange) -> None:
    assert not judged(page=page)


def test_silent_where_another_application_answers_or_it_is_passed_on_at_once() -> None:
    flushed = '<Proxy "fcgi://127.0.0.1:9000" flushpackets=on>\n    </Proxy>'
    assert not judged(f"{flushed}\n    {HANDLER}")
    assert not judged(f"ProxyPass / http://127.0.0.1:3000/\n    {HANDLER}")
    assert not judged("DocumentRoot /srv")
    other = HANDLER.replace("9000", "9001").replace("php", "phtml")
    assert not judged(f"{HANDLER}\n    {other}")
