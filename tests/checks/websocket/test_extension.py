from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Target
from diagnose.model.http import Upgrade
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config, direct
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.extension"
DEFLATE = (("Sec-WebSocket-Extensions", "permessage-deflate"),)
HIDING = SITE.replace("$host;", "$host;\n        proxy_hide_header Sec-WebSocket-Extensions;")


def compressed() -> Upgrade:
    observation = upgrade(101, accepted=True)
    return replace(
        observation, held_s=0.1, ended="invalid", violation="compressed", close_code=1006
    )


def test_fires_where_the_answer_names_what_was_not_offered() -> None:
    (claim,) = judge(CHECK, upgrade(101, fault="extension", headers=DEFLATE), target=CHAT)
    assert claim.facts["names"] == "permessage-deflate"


def test_fires_where_a_message_is_compressed_without_agreement() -> None:
    (claim,) = judge(CHECK, compressed(), target=CHAT)
    assert claim.facts["compressed"]
    assert not claim.facts["removed"]


def test_fires_and_removes_the_line_that_hides_the_agreement() -> None:
    agreed = replace(direct(101), headers=DEFLATE, held_s=1.0)
    observations = (config(HIDING), BUILD, RUNNING, compressed(), agreed)
    (claim,) = judge(CHECK, *observations, target=CHAT)
    assert claim.facts["removed"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-        proxy_hide_header Sec-WebSocket-Extensions;\n" in edit.diff


def test_fires_and_keeps_the_offer_from_the_application_that_stays_open_without_it() -> None:
    retry = replace(upgrade(101, accepted=True), variant="no-deflate", held_s=1.0)
    observations = (config(SITE), BUILD, RUNNING, compressed(), retry)
    (claim,) = judge(CHECK, *observations, target=CHAT)
    assert claim.facts["without"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+        proxy_set_header Sec-WebSocket-Extensions "";' in edit.diff
    (claim,) = judge(CHECK, config(SITE), BUILD, RUNNING, compressed(), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL, "nothing shows that it helps"


def test_silent_where_it_was_agreed() -> None:
    assert not judge(CHECK, upgrade(101, accepted=True, headers=DEFLATE), target=CHAT)


def test_silent_where_other_bytes_are_wrong() -> None:
    assert not judge(CHECK, replace(compressed(), violation="opcode"), target=CHAT)


EMPTY = replace(
    upgrade(101, "no-deflate", fault="extension", headers=(("Sec-WebSocket-Extensions", ""),)),
    status=101,
)


def told(words: str) -> Target:
    return replace(CHAT, symptom=Symptom("websocket", words))


def test_fires_where_safari_gets_an_empty_field_and_nginx_keeps_it_back() -> None:
    target = told("Invalid UTF-8 sequence in header value")
    hiding = SITE.replace("    location / {", "    proxy_hide_header X-Own;\n    location / {")
    seen = BUILD, RUNNING, upgrade(101, accepted=True, headers=DEFLATE), EMPTY
    (claim,) = judge(CHECK, config(hiding), *seen, target=target)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["empty"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    for line in (
        'proxy_set_header Sec-WebSocket-Extensions "";',
        "proxy_hide_header X-Own;",
        "proxy_hide_header Sec-WebSocket-Extensions;",
    ):
        assert f"+        {line}\n" in edit.diff
    (claim,) = judge(CHECK, config(SITE), *seen, target=told("it fails in Safari"))
    assert claim.confidence is Confidence.LIKELY


def test_silent_about_an_empty_field_that_nobody_misses() -> None:
    opened = upgrade(101, accepted=True, headers=DEFLATE)
    assert not judge(CHECK, opened, EMPTY, target=CHAT)
    without = replace(EMPTY, headers=(), fault="", accepted=True)
    assert not judge(CHECK, opened, without, target=told("it fails in Safari"))
