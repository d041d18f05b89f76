from dataclasses import replace

from diagnose.model import Edit, Severity
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config

CHECK = "server.haproxy-tunnel-cut"
DEBIAN = TEXT.replace(
    "    mode http\n", "    mode http\n    timeout client 50000\n    timeout server 50000\n"
)
BY_UPGRADE = (
    DEBIAN.replace(
        "    default_backend app\n",
        "    use_backend ws if { hdr(Upgrade) -i websocket }\n    default_backend app\n",
    )
    + "backend ws\n    server w 127.0.0.1:3001\n"
)
CUT = FailedRequests(
    file="/var/log/haproxy.log", method="GET", path="/ws", status=101, times=4,
    written="24/Nov/2026:12:00:01", server="haproxy", ending="sD--", lasted_s=50.003,
)  # fmt: skip


def test_fires_with_the_line_of_the_timeout() -> None:
    (claim,) = judge(CHECK, SERVER, config(DEBIAN), CUT)
    assert claim.facts["setting"] == "timeout client 50000"
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:5"
    assert claim.severity is None
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    timeout tunnel 1h\n" in edit.diff


def test_fires_for_the_backend_that_gets_handshakes() -> None:
    (claim,) = judge(CHECK, SERVER, config(BY_UPGRADE), CUT)
    assert claim.facts["backend"] == "ws"
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert " backend ws\n+    timeout tunnel 1h\n" in edit.diff


def test_is_a_note_after_one_cut() -> None:
    (claim,) = judge(CHECK, SERVER, config(DEBIAN), replace(CUT, times=1))
    assert claim.severity is Severity.NOTE


def test_silent_when_the_timeout_is_long_or_another_ended_it() -> None:
    long = DEBIAN.replace("50000\n", "50000\n    timeout tunnel 1h\n", 1)
    assert not judge(CHECK, SERVER, config(long), replace(CUT, lasted_s=3600.0))
    assert not judge(CHECK, SERVER, config(DEBIAN), replace(CUT, lasted_s=12.0))
    assert not judge(CHECK, SERVER, config(DEBIAN), replace(CUT, status=503, lasted_s=None))
