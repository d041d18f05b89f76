"""Other places that cannot be used or lack programs, and a recording of what they saw."""

import json
from typing import Any

import pytest

from . import site
from .elsewhere import ARGS, ELSEWHERE, elsewhere, second_place, without
from .lab import SERVER, Lab
from .report import Report

pytestmark = pytest.mark.lab

URL = f"https://{site.NAME}/"


def look(lab: Lab, *args: str) -> Report:
    done = lab.diagnose(lab.client, "--json", "--outside", "--timeout", "30", *args, URL)
    return Report.of("client", done)


def test_without_a_login_the_site_is_not_called_ok(laboratory: Lab) -> None:
    laboratory.restore()
    host = elsewhere(laboratory)
    host.write("/etc/ssh/lab_authorized_keys", "")
    report = look(laboratory, *ARGS)
    assert report.status == "unknown", report
    (finding,) = report.findings
    assert finding["check"] == "host.vantage-unjudged"
    assert "Permission denied" in finding["facts"]["reason"]


def test_without_curl_the_certificate_is_seen_and_the_page_is_not(laboratory: Lab) -> None:
    laboratory.restore()
    without(elsewhere(laboratory), "curl")
    report = look(laboratory, *ARGS)
    assert report.status == "unknown", report
    (visit, *_) = [one for one in report.document["observations"] if one["kind"] == "VantageVisit"]
    assert (visit["connected"], visit["secured"], visit["status"]) == (True, True, None)
    assert visit["chain"][0]["dns_names"] == [site.NAME]
    assert any("curl is not installed" in gap["why"] for gap in report.document["unknown"])


def test_without_openssl_the_page_is_seen(laboratory: Lab) -> None:
    laboratory.restore()
    without(elsewhere(laboratory), "openssl")
    report = look(laboratory, *ARGS)
    assert report.status == "ok", report
    assert any("openssl is not installed" in gap["why"] for gap in report.document["unknown"])


def test_without_curl_a_closed_port_has_its_name_too(laboratory: Lab) -> None:
    laboratory.restore()
    without(elsewhere(laboratory), "curl")
    laboratory.cloud(f"ip saddr {ELSEWHERE} tcp dport 443 drop")
    report = look(laboratory, *ARGS)
    assert report.causes == ["tcp.closed-outside"], report


def test_a_recording_holds_what_other_places_saw_and_hides_where(laboratory: Lab) -> None:
    laboratory.restore()
    elsewhere(laboratory)
    laboratory.cloud("tcp dport 443 drop")
    server = laboratory.server
    recorded = laboratory.diagnose(server, "record", *ARGS, URL, "-o", "/run/lab.jsonl")
    text = server.read("/run/lab.jsonl")
    assert recorded.returncode == 2, recorded.stderr
    assert f"root@{ELSEWHERE}" not in text
    assert site.NAME not in text
    replayed = laboratory.diagnose(server, "replay", "--json", "/run/lab.jsonl")
    causes = [
        load["check"] for load in json.loads(replayed.stdout)["findings"] if load["root_cause"]
    ]
    assert causes == ["tcp.closed-outside"], replayed.stdout
    shown = laboratory.diagnose(server, "replay", "--format", "text", "/run/lab.jsonl").stdout
    assert "from ssh://" in shown


def on_the_server(lab: Lab) -> dict[str, Any]:
    """The facts of the only cause that the server names."""
    done = lab.diagnose(lab.server, "--json", "--timeout", "30", *ARGS, URL)
    report = Report.of("server", done)
    assert report.causes == ["tcp.closed-outside"], report
    facts: dict[str, Any] = report.findings[0]["facts"]
    return facts


def test_the_server_says_that_no_packet_arrives(laboratory: Lab) -> None:
    laboratory.restore()
    elsewhere(laboratory)
    laboratory.cloud("tcp dport 443 drop")
    facts = on_the_server(laboratory)
    assert (facts["never"], facts["arrives"]) == (True, False)
    assert facts["answering_ports"] == [22, 80]


def test_the_server_says_that_packets_arrive(laboratory: Lab) -> None:
    """The network ACL lets no answers out: from the server alone that looks like a closed port."""
    laboratory.restore()
    elsewhere(laboratory)
    laboratory.cloud(f"ip daddr {ELSEWHERE} tcp sport 443 drop")
    facts = on_the_server(laboratory)
    assert (facts["never"], facts["arrives"]) == (False, True)


def test_two_places_stand_side_by_side(laboratory: Lab) -> None:
    """The client's own sshd is the second place: it gets in, the other does not."""
    laboratory.restore()
    elsewhere(laboratory)
    laboratory.cloud(f"ip saddr {ELSEWHERE} tcp dport 443 drop")
    second = second_place(laboratory)
    done = laboratory.diagnose(
        laboratory.server, "--timeout", "30", *ARGS, "--vantage", second, URL
    )
    assert f"from {second}: {SERVER}: answered 200" in done.stdout, done.stdout
    assert f"from ssh://root@{ELSEWHERE}: {SERVER}: no connection (timed out)" in done.stdout
    assert "warning[tcp.closed-outside]" in done.stdout
    assert done.returncode == 1


def test_the_server_itself_is_no_visitor(laboratory: Lab) -> None:
    """Closed to everybody: from the server it works, and that is not "open elsewhere"."""
    laboratory.restore()
    laboratory.cloud("tcp dport 443 drop")
    for place in (SERVER, site.NAME):
        report = look(laboratory, "--vantage", f"ssh://root@{place}")
        assert report.causes == ["tcp.timeout"], report


def test_a_place_that_is_an_option_is_refused(laboratory: Lab) -> None:
    for place in ("ssh://-x@h", "ssh://-oProxyCommand=touch /tmp/x", "ftp://h"):
        done = laboratory.diagnose(laboratory.client, "--vantage", place, site.NAME)
        assert done.returncode == 64, done.stderr
        assert "--vantage takes ssh://[user@]host[:port] or globalping" in done.stderr
