"""What HAProxy does only sometimes: from the server it can be seen, from outside it is chance."""

import pytest

from . import haproxy
from .lab import Lab
from .report import Report, carry_out
from .scenarios.haproxy import PASSTHROUGH, passthrough

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(haproxy.needs_haproxy()), reason="haproxy is not here"),
]
TARGET = "https://shop.example.com/"
WAITS = """\
    tcp-request inspect-delay 5s
    tcp-request content accept if { req.ssl_hello_type 1 }
"""


def on_server(lab: Lab) -> Report:
    return Report.of("server", lab.diagnose(lab.server, "--json", TARGET))


def test_a_name_that_is_read_too_early_is_found_and_mended(lab: Lab) -> None:
    """After many threads: use_backend with req.ssl_sni and no inspect-delay; some connections, or
    all, go to the default backend."""
    passthrough(lab, PASSTHROUGH.replace(WAITS, ""))
    report = on_server(lab)
    assert report.causes == ["server.haproxy-sni-too-early"], report
    done = carry_out(lab, report.steps())
    assert WAITS.split("\n")[0] in lab.server.read(haproxy.CONFIG), done
    report = on_server(lab)
    assert report.causes == [], report
    assert report.status == "ok", report


def test_the_fix_is_automatic_and_can_be_undone(lab: Lab) -> None:
    passthrough(lab, PASSTHROUGH.replace(WAITS, ""))
    before = lab.server.read(haproxy.CONFIG)
    done = lab.diagnose(lab.server, "fix", "--yes", TARGET)
    assert done.returncode == 0, done.stdout + done.stderr
    assert WAITS in lab.server.read(haproxy.CONFIG)
    done = lab.diagnose(lab.server, "fix", "--undo", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.server.read(haproxy.CONFIG) == before
