"""A limit that this run's own requests meet, asked from one side at a time: it is no fault."""

import pytest

from . import site
from .lab import SERVER, Lab
from .report import Report

pytestmark = pytest.mark.lab

ZONE = "limit_req_zone $binary_remote_addr zone=one:1m rate=1r/s;\n"
SECOND = "203.0.113.11"


@pytest.mark.parametrize("side", ["client", "server"])
def test_a_limit_that_two_of_our_requests_met_is_no_fault(laboratory: Lab, side: str) -> None:
    """Two addresses of the same server are asked at once; nginx allows one request a second."""
    lab = laboratory
    lab.restore()
    lab.server.sh(f"ip addr add {SECOND}/24 dev eth0")
    lab.dns([SERVER, SECOND])
    lab.edit(site.MAP, f"{ZONE}{site.MAP}")
    location = "location / {\n    "
    lab.edit(f"{location}proxy_pass", f"{location}limit_req zone=one;\n    proxy_pass")
    lab.reload()
    host, words = (lab.server, ()) if side == "server" else (lab.client, ("--outside",))
    report = Report.of(side, lab.diagnose(host, "--json", *words, f"https://{site.NAME}/"))
    errors = [item["check"] for item in report.findings if item["severity"] == "error"]
    assert not errors, str(report)
    if side == "server":
        assert "nginx.request-limit" in [item["check"] for item in report.findings], str(report)
        assert not report.causes, str(report)
