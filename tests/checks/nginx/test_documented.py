from dataclasses import replace

import pytest

from checks.nginx import Nginx
from checks.nginx._documented import gaps, reported_topic
from diagnose.model import Symptom
from diagnose.model.applications import Application, Stream, WellKnownPath
from tests.support.check_evidence import SHOP, evidence
from tests.support.nginx_evidence import SITE, config


def lines(application: Application, text: str = SITE, folder: str = "/") -> list[str]:
    nginx = Nginx.of(evidence(config(text)))
    return [gap.line for gap in gaps(nginx, folder, application)]


def test_a_stream_that_is_buffered_is_a_gap() -> None:
    application = Application("a", "A", streams=(Stream("api"), Stream("")))
    assert lines(application) == ["proxy_buffering off;"]
    off = SITE.replace("proxy_pass", "proxy_buffering off; proxy_pass")
    assert lines(application, off) == []


def test_a_path_that_is_changed_is_a_gap() -> None:
    application = Application("a", "A", keeps_uri=True)
    assert lines(application) == []
    changed = SITE.replace("127.0.0.1:3000;", "127.0.0.1:3000/;")
    assert lines(application, changed) == ["proxy_pass http://127.0.0.1:3000;"]


def test_a_well_known_path_is_a_gap_where_nothing_answers_it() -> None:
    dav = WellKnownPath("/.well-known/carddav", 301, "/remote.php/dav/")
    application = Application("a", "A", well_known=(dav,))
    assert lines(application) == []
    files = SITE.replace("location / {", "location /.well-known/ {\n }\n location / {")
    line = "location = /.well-known/carddav { return 301 /cloud/remote.php/dav/; }"
    assert lines(application, files, "/cloud/") == [line]


@pytest.mark.parametrize(
    ("symptom", "topic"),
    [
        (Symptom("status", "413", 413), "upload"),
        (Symptom("status", "504", 504), "timeout"),
        (Symptom("status", "404", 404), None),
        (Symptom("body-size", "too large body"), "upload"),
        (Symptom("application", "Grafana has failed to load its application files"), "base_path"),
        (Symptom("refused", "refused"), None),
    ],
)
def test_a_message_says_what_is_missed(symptom: Symptom, topic: str | None) -> None:
    assert reported_topic(evidence(target=replace(SHOP, symptom=symptom))) == topic
