"""websocket.ssi-on: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Failure
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config, direct, front

CHECK = "websocket.ssi-on"
SILENT = replace(front(None), failure=Failure("timeout", "timed out"))
HTML = replace(direct(101), headers=(("Content-Type", "text/html; charset=utf-8"),))
ON = SITE.replace("    location /", "    ssi on;\n    location /", 1)


def test_fires_where_nginx_is_silent_and_the_application_sends_a_type() -> None:
    observations = (config(ON), BUILD, RUNNING, SILENT, HTML)
    (claim,) = judge(CHECK, *observations, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        ssi off;" in edit.diff


def test_fires_on_a_type_that_is_named() -> None:
    typed = replace(HTML, headers=(("Content-Type", "text/plain"),))
    text = ON.replace("ssi on;", "ssi on;\n    ssi_types text/plain;")
    assert judge(CHECK, config(text), BUILD, RUNNING, SILENT, typed, target=CHAT, masked=False)
    assert not judge(CHECK, config(ON), BUILD, RUNNING, SILENT, typed, target=CHAT)


@pytest.mark.parametrize(
    ("text", "at_front", "direct_answer"),
    [
        (SITE, SILENT, HTML),
        (ON.replace("ssi on", "ssi off"), SILENT, HTML),
        (ON, front(101), HTML),
        (ON, front(400), HTML),
        (ON, SILENT, direct(101)),
        (ON, SILENT, direct(403)),
    ],
    ids=["no ssi", "off", "opens", "answers", "no type", "refused"],
)
def test_silent_when(text: str, at_front: object, direct_answer: object) -> None:
    observations = (config(text), BUILD, RUNNING, at_front, direct_answer)
    assert not judge(CHECK, *observations, target=CHAT)  # type: ignore[arg-type]
