"""websocket.idle-default: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.symptom import Symptom, SymptomKind
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.upstream_evidence import logged
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.idle-default"
PASSED = SITE.replace(
    "        proxy_set_header Host $host;\n",
    "        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n"
    '        proxy_set_header Connection "upgrade";\n',
)
OPEN = upgrade(101, accepted=True)


def test_fires_where_the_default_cuts() -> None:
    (claim,) = judge(CHECK, OPEN, RUNNING, config(PASSED), target=CHAT)
    assert (claim.facts["seconds"], claim.facts["probe"]) == (60, 70)
    assert claim.location
    assert claim.fix
    assert "+        proxy_read_timeout 3600s;" in str(claim.fix.steps[0]).replace("\\n", "\n")
    assert claim.fix.applicability is Applicability.REVIEW


def test_silent_where_a_time_is_set_or_measured() -> None:
    longer = PASSED.replace("proxy_http_version", "proxy_read_timeout 1h;\n proxy_http_version")
    assert not judge(CHECK, OPEN, RUNNING, config(longer), target=CHAT)
    for measured in (replace(OPEN, quiet_s=70.0), replace(OPEN, idle_s=20.0)):
        assert not judge(CHECK, measured, RUNNING, config(PASSED), target=CHAT)


def test_silent_where_the_server_ends_it_at_once() -> None:
    asked = replace(CHAT, symptom=Symptom("websocket-closed", "it is closed"))
    for ended in (
        replace(OPEN, ended="close", close_code=1008),
        replace(OPEN, ended="eof", close_code=1006),
    ):
        assert not judge(CHECK, ended, RUNNING, config(PASSED), target=asked)


def test_fires_where_the_message_tells_the_very_time() -> None:
    """A server may answer this run's own close frame, or let nobody stay without a login."""
    asked = replace(CHAT, symptom=Symptom("websocket-closed", "it closes after 60 s"))
    ended = replace(OPEN, ended="close", close_code=1005)
    (claim,) = judge(CHECK, ended, RUNNING, config(PASSED), target=asked)
    assert claim.severity is Severity.WARNING
    for other in (replace(ended, close_code=1008), replace(ended, ended="eof", close_code=1006)):
        assert not judge(CHECK, other, RUNNING, config(PASSED), target=asked)
    later = replace(CHAT, symptom=Symptom("websocket-closed", "it closes after 5 s"))
    assert not judge(CHECK, ended, RUNNING, config(PASSED), target=later)


def test_silent_where_the_server_pings_by_itself_or_nothing_opened() -> None:
    path = "/socket.io/"
    chat = replace(CHAT, websockets=(path,))
    polled = replace(OPEN, path=path, url=f"wss://shop.example.com{path}")
    assert not judge(CHECK, polled, RUNNING, config(PASSED), target=chat)
    assert not judge(CHECK, upgrade(404), RUNNING, config(PASSED), target=CHAT)


def test_a_warning_where_the_user_says_that_it_is_closed() -> None:
    for number, severity in ((1006, Severity.WARNING), (None, Severity.WARNING), (1011, None)):
        asked = replace(CHAT, symptom=Symptom("websocket-closed", "it is closed", number))
        (claim,) = judge(CHECK, OPEN, RUNNING, config(PASSED), target=asked)
        assert claim.severity is severity
        assert (claim.confidence is Confidence.LIKELY) == (severity is not None)


def test_the_time_that_the_message_tells_decides() -> None:
    told: tuple[tuple[SymptomKind, str, Severity | None], ...] = (
        ("websocket-closed", "disconnects after a minute", Severity.WARNING),
        ("closed", "the connection goes down after 60 seconds", Severity.WARNING),
        ("websocket-closed", "it is cut after 10 minutes", Severity.WARNING),
        ("websocket-closed", "it is cut after 5 seconds", None),
        ("closed", "connection closed", None),
    )
    for kind, words, severity in told:
        asked = replace(CHAT, symptom=Symptom(kind, words))
        (claim,) = judge(CHECK, OPEN, RUNNING, config(PASSED), target=asked)
        assert claim.severity is severity


def test_fires_on_the_impatient_block_behind_a_patient_one() -> None:
    outer = PASSED.replace("127.0.0.1:3000", "127.0.0.1:8080").replace(
        "proxy_http_version", "proxy_read_timeout 1h;\n proxy_http_version"
    )
    inner = PASSED[PASSED.index("server {") :].replace("listen 443 ssl", "listen 127.0.0.1:8080")
    asked = replace(CHAT, symptom=Symptom("websocket-closed", "closed after 60 s, code 1006"))
    both = config(outer + inner)
    (claim,) = judge(CHECK, OPEN, RUNNING, both, target=asked)
    assert claim.location
    assert claim.location.line > outer.count("\n")
    assert not judge(CHECK, OPEN, RUNNING, both, target=CHAT)


def test_fires_once_for_two_websockets_of_one_location() -> None:
    """One that the page's script seems to open as well: the same line cuts both, and the same patch
    cannot be carried out twice."""
    root = replace(OPEN, path="/", url="wss://shop.example.com/")
    asked = replace(CHAT, symptom=Symptom("websocket-closed", "it closes after 60 s"))
    (claim,) = judge(CHECK, root, OPEN, RUNNING, config(PASSED), target=asked)
    assert claim.facts["path"] == CHAT.websockets[0]


def test_what_nginx_cut_by_its_own_log() -> None:
    line = replace(
        logged("upstream timed out (110: Connection timed out)", "GET /ws HTTP/1.1"),
        doing="proxying upgraded connection",
    )
    for times, severity in ((2, None), (9, Severity.WARNING)):
        cut = replace(line, times=times)
        (claim,) = judge(CHECK, OPEN, RUNNING, config(PASSED), cut, target=CHAT)
        assert (claim.severity, claim.facts["times"]) == (severity, times)
    asked = replace(CHAT, symptom=Symptom("websocket-closed", "it is closed", 1006))
    (claim,) = judge(CHECK, OPEN, RUNNING, config(PASSED), line, target=asked)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.CERTAIN)
    other = replace(line, request="GET /other HTTP/1.1")
    (claim,) = judge(CHECK, OPEN, RUNNING, config(PASSED), other, target=CHAT)
    assert not claim.facts["times"]
    path = "/socket.io/"
    chat = replace(CHAT, websockets=(path,))
    polled = replace(OPEN, path=path, url=f"wss://shop.example.com{path}")
    pinged = replace(line, request=f"GET {path} HTTP/1.1")
    assert judge(CHECK, polled, RUNNING, config(PASSED), pinged, target=chat)
