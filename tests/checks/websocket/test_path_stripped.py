from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config, direct, front

CHECK = "websocket.path-stripped"
#: A location of the WebSocket's own whose proxy_pass ends in a slash.
STRIPPED = SITE.replace(
    "    location /",
    "    location /ws {\n"
    "        proxy_pass http://127.0.0.1:3000/;\n"
    "        proxy_http_version 1.1;\n"
    "        proxy_set_header Upgrade $http_upgrade;\n"
    '        proxy_set_header Connection "upgrade";\n'
    "    }\n\n    location /",
    1,
)
WHOLE = direct(101, variant="whole-path")


def test_fires_and_takes_the_slash_away() -> None:
    (claim,) = judge(
        CHECK, config(STRIPPED), BUILD, HOST, RUNNING, front(404), direct(404), WHOLE, target=CHAT
    )
    assert claim.facts["made"] == "/"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-        proxy_pass http://127.0.0.1:3000/;\n" in edit.diff
    assert "+        proxy_pass http://127.0.0.1:3000;\n" in edit.diff
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_for_a_path_that_the_page_names() -> None:
    evidence = (config(STRIPPED), BUILD, HOST, RUNNING, front(404), direct(404))
    (claim,) = judge(CHECK, *evidence, WHOLE, target=SHOP)
    assert claim.facts["path"] == "/ws"
    assert not judge(CHECK, *evidence, target=SHOP)


def test_to_be_thought_over_where_the_location_has_other_paths() -> None:
    text = STRIPPED.replace("location /ws", "location /w")
    (claim,) = judge(
        CHECK, config(text), BUILD, HOST, RUNNING, front(404), direct(404), WHOLE, target=CHAT
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_silent_when_the_application_refuses_both_paths() -> None:
    refused = direct(404, variant="whole-path")
    assert not judge(CHECK, config(STRIPPED), front(404), direct(404), refused, target=CHAT)


def test_silent_when_the_application_wants_the_stripped_path() -> None:
    assert not judge(CHECK, config(STRIPPED), front(101), direct(101), target=CHAT)


def test_silent_when_the_path_is_passed_on_as_it_came() -> None:
    text = STRIPPED.replace("3000/;", "3000;")
    assert not judge(CHECK, config(text), front(404), direct(404), target=CHAT)


def test_two_faults_in_the_same_lines_are_named_apart_and_put_right_together() -> None:
    bare = STRIPPED.replace("        proxy_set_header Upgrade $http_upgrade;\n", "").replace(
        '        proxy_set_header Connection "upgrade";\n', ""
    )
    observations = (config(bare), BUILD, HOST, RUNNING, front(404), direct(404), WHOLE)
    (stripped,) = judge(CHECK, *observations, target=CHAT)
    (missing,) = judge("websocket.upgrade-headers-missing", *observations, target=CHAT)
    assert stripped.facts["loses"]
    assert missing.confidence is Confidence.CERTAIN
    assert missing.facts["together"]
    assert stripped.fix
    assert missing.fix
    edit = stripped.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit == missing.fix.steps[0]
    assert "+        proxy_pass http://127.0.0.1:3000;\n" in edit.diff
    assert "+        proxy_set_header Upgrade $http_upgrade;\n" in edit.diff


def test_fires_on_a_variable_with_a_path() -> None:
    text = STRIPPED.replace("proxy_pass http://127.0.0.1:3000/;", "proxy_pass http://$app/;")
    text = text.replace("location /ws {\n", "location /ws {\n        set $app 127.0.0.1:3000;\n")
    (claim,) = judge(
        CHECK, config(text), BUILD, HOST, RUNNING, front(404), direct(404), WHOLE, target=CHAT
    )
    assert claim.facts["variables"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://$app;\n" in edit.diff


def test_fires_on_a_lost_query_without_showing_it() -> None:
    path = "/ws?token=secret"
    text = STRIPPED.replace("location /ws", "location ~ ^/(ws)$")
    text = text.replace("http://127.0.0.1:3000/;", "http://127.0.0.1:3000/$1;")
    whole = direct(101, path, "whole-path")
    (claim,) = judge(
        CHECK, config(text), BUILD, HOST, RUNNING, front(403, path), direct(403, path), whole,
        target=replace(CHAT, path=path, websockets=(path,)),
    )  # fmt: skip
    assert "secret" not in str(claim.facts)
    assert claim.facts["query"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://127.0.0.1:3000/$1$is_args$args;\n" in edit.diff


def test_fires_likely_where_the_visitors_path_wants_a_login() -> None:
    text = STRIPPED.replace("proxy_pass http://127.0.0.1:3000/", "proxy_pass http://$app:3000/")
    text = text.replace("location /ws {\n", "location /ws {\n        set $app 127.0.0.1;\n")
    login = direct(401, variant="whole-path")
    seen = (config(text), BUILD, HOST, RUNNING, front(200))
    (claim,) = judge(CHECK, *seen, direct(200), login, target=CHAT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["login"] == 401
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://$app:3000;\n" in edit.diff
    assert not judge(CHECK, *seen, direct(401), login, target=CHAT)


def test_the_program_is_not_said_to_know_no_websocket_there() -> None:
    plain = direct(200, variant="plain")
    seen = (config(STRIPPED), BUILD, HOST, RUNNING, front(200), direct(200), plain)
    assert judge("websocket.not-served", *seen, target=CHAT)
    assert not judge("websocket.not-served", *seen, direct(401, variant="whole-path"), target=CHAT)
