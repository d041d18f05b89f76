from dataclasses import replace

from diagnose.model import Confidence, Edit, Severity
from diagnose.model.http import Ending, Through, Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import CHAT, judge
from tests.support.haproxy_evidence import PEM as HAPROXY_PEM
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as HAPROXY_TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config, front
from tests.support.web_server_evidence import APACHE, apache_config
from tests.support.web_server_evidence import HTTPS as APACHE_SITE

CHECK = "websocket.idle-timeout"


def upgrade(idle: float | None, accepted: bool = True, address: str = "203.0.113.10") -> Upgrade:
    return Upgrade(
        url="wss://shop.example.com/ws",
        path="/ws",
        address=address,
        port=443,
        status=101,
        accepted=accepted,
        idle_s=idle,
    )


def test_fires_once_where_silence_was_cut() -> None:
    (claim,) = judge(
        "websocket.idle-timeout",
        upgrade(2.0),
        upgrade(2.1, address="2001:db8::10"),
        target=CHAT,
    )
    assert claim.facts["seconds"] == 2.0


def test_silent_where_nobody_waited() -> None:
    assert not judge("websocket.idle-timeout", upgrade(None), target=CHAT)


def test_silent_where_it_never_opened() -> None:
    assert not judge("websocket.idle-timeout", upgrade(2.0, accepted=False), target=CHAT)


PASSED = (
    "        proxy_set_header Upgrade $http_upgrade;\n"
    '        proxy_set_header Connection "upgrade";\n'
)


def serving(wait: str, around: str = "") -> NginxConfig:
    return config(SITE.replace("    location / {\n", f"    {around}location / {{\n{wait}{PASSED}"))


def edit_of(configuration: NginxConfig) -> str:
    (claim,) = judge(CHECK, configuration, BUILD, HOST, RUNNING, front(101), target=CHAT)
    assert claim.facts["seconds"] == 30
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_on_the_server_where_a_shorter_time_was_set() -> None:
    diff = edit_of(serving("        proxy_read_timeout 30s;\n"))
    assert "-        proxy_read_timeout 30s;\n+        proxy_read_timeout 3600s;\n" in diff


def test_fires_on_the_server_and_leaves_other_locations_alone() -> None:
    diff = edit_of(serving("", "proxy_read_timeout 30s;\n    "))
    assert "+        proxy_read_timeout 3600s;\n" in diff
    assert "-    proxy_read_timeout" not in diff


def test_fires_once_where_it_was_set_and_seen() -> None:
    configuration = serving("        proxy_read_timeout 2s;\n")
    (claim,) = judge(CHECK, configuration, upgrade(2.0), target=CHAT)
    assert claim.confidence is Confidence.CERTAIN


def test_silent_where_the_time_is_as_usual() -> None:
    for wait in ("", "        proxy_read_timeout 1m;\n", "        proxy_read_timeout 60;\n"):
        assert not judge(CHECK, serving(wait), front(101), target=CHAT)


def test_silent_where_no_websocket_is_served() -> None:
    assert not judge(CHECK, serving("        proxy_read_timeout 5s;\n"), front(404), target=CHAT)


def held_websocket(
    idle: float | None, through: Through = "front", ended: Ending = "eof"
) -> Upgrade:
    """A WebSocket that was held in silence for 70 s, or until it was cut."""
    way = replace(upgrade(idle), through=through, variant="idle", quiet_s=idle or 70.0)
    return replace(way, ended=ended if idle else "", close_code=1001 if ended == "close" else 1006)


#: A site on this server whose nginx waits as it comes.
ON_SERVER = (serving(""), BUILD, HOST, RUNNING, front(101))


def test_names_nginxs_default_where_the_cut_came_at_its_time() -> None:
    attempts = held_websocket(60.2), held_websocket(None, "application")
    (claim,) = judge(CHECK, *ON_SERVER, *attempts, target=CHAT)
    assert claim.facts["default"]
    assert claim.facts["direct_holds"]
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)


def test_names_no_line_of_nginx_where_another_time_cut() -> None:
    attempts = held_websocket(30.1), held_websocket(None, "application")
    (claim,) = judge(CHECK, *ON_SERVER, *attempts, target=CHAT)
    assert claim.facts["proxy"]
    assert not claim.facts["place"]


def test_names_the_application_where_it_cuts_as_early() -> None:
    attempts = held_websocket(60.0), held_websocket(60.1, "application")
    (claim,) = judge(CHECK, *ON_SERVER, *attempts, target=CHAT)
    assert claim.facts["application"]
    assert not claim.facts["place"]


def test_notes_a_close_frame() -> None:
    (claim,) = judge(CHECK, held_websocket(30.0, ended="close"), target=CHAT)
    assert claim.severity is Severity.NOTE
    assert claim.facts["close"] == 1001


def test_a_minute_from_outside_is_like_nginxs_default() -> None:
    (claim,) = judge(CHECK, held_websocket(60.3), target=CHAT)
    assert claim.facts["minute"]
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_a_short_time_was_outlasted() -> None:
    """The application sends often enough."""
    short = serving("        proxy_read_timeout 30s;\n")
    assert not judge(
        CHECK, short, BUILD, HOST, RUNNING, front(101), held_websocket(None), target=CHAT
    )


TIMEOUTS = HAPROXY_TEXT.replace(
    "    mode http\n", "    mode http\n    timeout client 50000\n    timeout server 1m\n", 1
)


def test_notes_haproxys_timeouts_of_debian() -> None:
    """They are in nearly every haproxy.cfg, and nothing was cut."""
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(TIMEOUTS), upgrade(None), target=CHAT)
    assert (claim.facts["seconds"], claim.severity) == (50, Severity.NOTE)


def test_haproxys_timeouts_count_when_somebody_was_cut_off() -> None:
    """Issue 73 of m1k1o/neko: a ping every 60 seconds is too late."""
    symptom = Symptom("websocket-closed", "closed after 50 seconds, code 1006", 1006)
    target = replace(CHAT, symptom=symptom)
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(TIMEOUTS), upgrade(None), target=target)
    assert claim.severity is None


def test_fires_for_haproxy_without_a_timeout_for_tunnels() -> None:
    text = TIMEOUTS.replace("timeout client 50000", "timeout client 30s")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), upgrade(None), target=CHAT)
    assert (claim.facts["seconds"], claim.facts["server"]) == (30, "HAProxy")
    assert claim.severity is None
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert " backend app\n+    timeout tunnel 1h\n" in edit.diff


def test_fires_for_a_short_timeout_of_the_backends_own_tunnels() -> None:
    text = TIMEOUTS.replace("backend app\n", "backend app\n    timeout tunnel 30s\n")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), upgrade(30.0), target=CHAT)
    assert (claim.facts["seconds"], claim.confidence) == (30, Confidence.CERTAIN)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    timeout tunnel 30s\n+    timeout tunnel 1h\n" in edit.diff


def test_silent_for_haproxy_with_a_long_timeout_or_none() -> None:
    long = TIMEOUTS.replace("    timeout client", "    timeout tunnel 1h\n    timeout client")
    for text in (HAPROXY_TEXT, long):
        assert not judge(CHECK, HAPROXY, haproxy_config(text), upgrade(None), target=CHAT)


def test_fires_for_a_short_timeout_of_apache() -> None:
    short = apache_config(APACHE_SITE.replace("SSLEngine on", "SSLEngine on\n    TimeOut 20"))
    (claim,) = judge(CHECK, APACHE, short, upgrade(None), target=CHAT, masked=False)
    assert (claim.facts["server"], claim.facts["seconds"]) == ("Apache", 20)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /ws ws://127.0.0.1:3000/ws timeout=3600\n" in edit.diff


def test_fires_for_the_websocket_that_a_message_without_its_address_may_be_about() -> None:
    short = apache_config(APACHE_SITE.replace("SSLEngine on", "SSLEngine on\n    TimeOut 20"))
    unnamed = replace(CHAT, websockets=())
    assert not judge(CHECK, APACHE, short, upgrade(None), target=unnamed)
    told = replace(unnamed, symptom=Symptom("websocket-closed", "close 1006", number=1006))
    (claim,) = judge(CHECK, APACHE, short, upgrade(None), target=told)
    assert claim.facts["seconds"] == 20
    broken = Symptom("websocket-closed", "failed: Invalid frame header")
    assert not judge(CHECK, APACHE, short, upgrade(None), target=replace(told, symptom=broken))


def test_silent_where_apache_waits_long_enough_on_one_side() -> None:
    long = APACHE_SITE.replace("SSLEngine on", "SSLEngine on\n    TimeOut 20\n    ProxyTimeout 600")
    assert not judge(CHECK, APACHE, apache_config(long), upgrade(None), target=CHAT)
    line = APACHE_SITE.replace(":3000/ws", ":3000/ws timeout=90")
    assert not judge(CHECK, APACHE, apache_config(line), upgrade(None), target=CHAT)
    assert not judge(CHECK, APACHE, apache_config(), upgrade(None), target=CHAT)


MINUTE = replace(CHAT, symptom=Symptom("websocket-closed", "it is cut after 60 seconds"))
SOONER = replace(CHAT, symptom=Symptom("websocket-closed", "it is cut after 5 seconds"))


def test_the_usual_time_of_each_server_is_named_where_the_message_tells_it() -> None:
    nginx = serving("proxy_read_timeout 60s;")
    haproxy = haproxy_config(TIMEOUTS.replace("50000", "60s"))
    for evidence in (
        (nginx, BUILD, HOST, RUNNING, front(101)),
        (HAPROXY, haproxy, upgrade(None)),
        (APACHE, apache_config(), upgrade(None)),
    ):
        (claim,) = judge(CHECK, *evidence, target=MINUTE, masked=False)
        assert (claim.facts["seconds"], claim.severity) == (60, None)
        assert claim.confidence is Confidence.LIKELY
        assert not judge(CHECK, *evidence, target=SOONER, masked=False)
        assert not judge(CHECK, *evidence, target=CHAT, masked=False)


def test_a_timeout_stays_a_note_where_the_message_tells_of_a_shorter_time() -> None:
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(TIMEOUTS), upgrade(None), target=SOONER)
    assert claim.severity is Severity.NOTE


def test_a_time_that_was_raised_since_is_not_blamed() -> None:
    longer = serving("proxy_read_timeout 3600s;")
    assert not judge(CHECK, longer, BUILD, HOST, RUNNING, front(101), target=MINUTE)


def test_fires_for_haproxy_behind_nginx_after_a_message() -> None:
    """Of several servers on the way the least patient one ends it."""
    front_site = SITE.replace("127.0.0.1:3000", "127.0.0.1:9000").replace(
        "        proxy_set_header Host",
        "        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n"
        '        proxy_set_header Connection "upgrade";\n        proxy_read_timeout 1h;\n'
        "        proxy_set_header Host",
    )
    inner = TIMEOUTS.replace(f"bind :443 ssl crt {HAPROXY_PEM}", "bind 127.0.0.1:9000")
    inner = inner.replace("timeout client 50000", "timeout client 6s")
    behind = replace(HAPROXY, ports=(9000,))
    symptom = Symptom("websocket-closed", "closed after 6 seconds, code 1006", 1006)
    evidence = (RUNNING, config(front_site), behind, haproxy_config(inner), upgrade(None))
    (claim,) = judge(CHECK, *evidence, target=replace(CHAT, symptom=symptom))
    assert (claim.facts["seconds"], claim.facts["server"], claim.severity) == (6, "HAProxy", None)
    assert claim.about.port == 443
    assert not judge(CHECK, *evidence, target=CHAT)
