from diagnose.model import Edit
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config, direct, front

CHECK = "websocket.http-1-0"
TEXT = SITE.replace(
    "$host;",
    "$host;\n        proxy_set_header Upgrade $http_upgrade;\n"
    '        proxy_set_header Connection "upgrade";',
)
MINDS, DOES_NOT = direct(505, variant="http-1.0"), direct(101, variant="http-1.0")


def test_fires_when_the_application_minds() -> None:
    (claim,) = judge(
        CHECK, config(TEXT), BUILD, HOST, RUNNING, front(505), direct(101), MINDS, target=CHAT
    )
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_http_version 1.1;\n" in edit.diff


def test_silent_when_the_application_does_not_mind() -> None:
    assert not judge(CHECK, config(TEXT), front(400), direct(101), DOES_NOT, target=CHAT)


def test_silent_when_it_works() -> None:
    assert not judge(CHECK, config(TEXT), front(101), direct(101), MINDS, target=CHAT)


def test_silent_when_the_headers_are_not_passed_on_at_all() -> None:
    assert not judge(CHECK, config(), front(505), direct(101), MINDS, target=CHAT)
