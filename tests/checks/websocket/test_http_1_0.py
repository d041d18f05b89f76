from dataclasses import replace

from diagnose.model import Edit
from diagnose.model.http import Upgrade
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


def ends(upgrade: Upgrade) -> Upgrade:
    return replace(upgrade, held_s=0.1, ended="eof", close_code=1006)


def test_fires_when_only_the_old_version_is_ended_after_the_101() -> None:
    """As Tornado does: 101, and the connection is over."""
    held = replace(direct(101), held_s=1.0)
    observations = (config(TEXT), BUILD, HOST, RUNNING, ends(front(101)), held)
    (claim,) = judge(CHECK, *observations, ends(DOES_NOT), target=CHAT)
    assert claim.facts["ends"]
    (general,) = judge("websocket.closed-after-upgrade", *observations, target=CHAT)
    assert general.facts["direct_holds"]


def test_silent_when_the_application_ends_all_of_them() -> None:
    observations = (config(TEXT), BUILD, ends(front(101)), ends(direct(101)), ends(DOES_NOT))
    assert not judge(CHECK, *observations, target=CHAT)


def test_silent_when_nobody_watched_the_direct_one() -> None:
    """Over SSH a handshake is tried, and not held."""
    assert not judge(
        CHECK, config(TEXT), ends(front(101)), direct(101), ends(DOES_NOT), target=CHAT
    )
