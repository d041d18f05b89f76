from diagnose.model import Applicability, Confidence, Edit
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config, direct, front

CHECK = "websocket.headers-wiped"
BASIC = "websocket.upgrade-headers-missing"
PASSED = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    '    proxy_set_header Connection "upgrade";\n'
    "    proxy_set_header X-Real-IP $remote_addr;\n"
)
#: The server block passes the upgrade on; the location sets Host, and so forgets that.
WIPED = SITE.replace("    location /", PASSED + "    location /")


def test_fires_and_repeats_the_lines_in_the_location() -> None:
    (claim,) = judge(
        CHECK, config(WIPED), BUILD, HOST, RUNNING, front(400), direct(101), target=CHAT
    )
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["others"] == ("X-Real-IP",)
    assert claim.facts["own"] == ("Host",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = [line for line in edit.diff.split("\n")[2:] if line.startswith(("+", "-"))]
    assert added == [
        "+        proxy_http_version 1.1;",
        "+        proxy_set_header Upgrade $http_upgrade;",
        '+        proxy_set_header Connection "upgrade";',
    ]


def test_fires_from_the_configuration_alone_where_a_websocket_was_asked_for() -> None:
    (claim,) = judge(CHECK, config(WIPED), target=CHAT)
    assert claim.confidence is Confidence.LIKELY


def test_fires_alone() -> None:
    observations = (config(WIPED), front(400), direct(101))
    assert judge(CHECK, *observations, target=CHAT)
    assert not judge(BASIC, *observations, target=CHAT)


def test_silent_when_the_headers_stand_nowhere() -> None:
    observations = (config(), front(400), direct(101))
    assert not judge(CHECK, *observations, target=CHAT)
    assert judge(BASIC, *observations, target=CHAT)


def test_silent_when_the_location_has_one_of_the_two_wrong_itself() -> None:
    text = WIPED.replace("proxy_set_header Host $host", "proxy_set_header Connection close")
    assert not judge(CHECK, config(text), front(400), direct(101), target=CHAT)


def test_silent_when_the_location_inherits() -> None:
    text = WIPED.replace("        proxy_set_header Host $host;\n", "")
    assert not judge(CHECK, config(text), front(400), direct(101), target=CHAT)


def test_silent_when_the_websocket_works() -> None:
    assert not judge(CHECK, config(WIPED), front(101), target=CHAT)
