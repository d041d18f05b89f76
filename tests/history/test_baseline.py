"""Two documents, compared: what is new, gone or changed."""

from typing import Any

import pytest

from diagnose.history.baseline import Change, PastFinding, compare, target_url


def finding(number: int, check: str, title: str, explained_by: str | None = None) -> dict[str, Any]:
    return {
        "id": f"f{number}", "check": check, "severity": "error", "title": title,
        "explained_by": explained_by,
    }  # fmt: skip


def document(*findings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "target": {"scheme": "https", "host": "shop.example.com", "port": 443, "path": "/"},
        "run": {"started_at": "2026-11-26T10:00:00Z", "lang": "en"},
        "verdict": {"status": "ok"},
        "findings": list(findings),
        "layers": [],
        "observations": [],
        **changes,
    }


def test_the_same_run_differs_in_nothing() -> None:
    run = document(finding(1, "tcp.refused", "Port 443 is shut"))
    comparison = compare(run, run)
    assert comparison.is_empty
    assert (comparison.at, comparison.status) == ("2026-11-26T10:00:00Z", "ok")
    assert comparison.url == "https://shop.example.com:443/"


def test_a_finding_is_new_gone_or_told_otherwise() -> None:
    earlier = document(
        finding(1, "tcp.refused", "Port 443 is shut"),
        finding(2, "certificate.expires-soon", "9 days are left"),
    )
    later = document(
        finding(1, "nginx.door", "A door is locked"),
        finding(2, "certificate.expires-soon", "8 days are left"),
    )
    comparison = compare(earlier, later)
    assert comparison.new == ("f1",)
    assert comparison.gone == (PastFinding("tcp.refused", "error", "Port 443 is shut"),)
    assert comparison.changed == (
        Change("finding", "certificate.expires-soon", "9 days are left", "8 days are left"),
    )


def test_a_second_finding_of_a_check_is_new() -> None:
    one, two = finding(1, "tcp.refused", "Of A"), finding(2, "tcp.refused", "Of B")
    assert compare(document(one), document(one, two)).new == ("f2",)
    assert compare(document(two), document(one, two)).new == ("f1",)


def test_a_consequence_is_no_difference() -> None:
    symptom = finding(2, "tcp.refused", "Port 443 is shut", explained_by="f1")
    cause = finding(1, "listener.missing", "Nothing listens")
    assert compare(document(cause), document(cause, symptom)).is_empty


def test_titles_in_another_language_are_not_compared() -> None:
    earlier = document(finding(1, "tcp.refused", "拒绝连接"), run={"lang": "zh"})
    assert compare(earlier, document(finding(1, "tcp.refused", "Refused"))).is_empty


def test_verdict_and_layers_change_and_a_skipped_layer_does_not() -> None:
    def layers(tcp: str, tls: str) -> list[dict[str, str]]:
        return [{"layer": "tcp", "status": tcp}, {"layer": "tls", "status": tls}]

    earlier = document(layers=layers("ok", "ok"))
    later = document(layers=layers("error", "skipped"), verdict={"status": "critical"})
    assert compare(earlier, later).changed == (
        Change("verdict", "", "ok", "critical"),
        Change("layer", "tcp", "ok", "error"),
    )


def observed(*addresses: str, serial: str) -> list[dict[str, Any]]:
    return [
        {"kind": "Resolution", "vantage": "here", "addresses": list(addresses)},
        {"kind": "Resolution", "vantage": "server", "addresses": ["127.0.0.1"]},
        {
            "kind": "Handshake", "vantage": "here", "variant": "normal",
            "chain": [{"subject": "CN=shop", "serial": serial, "not_after": "2027-01-01"}],
        },
        {"kind": "Handshake", "vantage": "here", "variant": "old", "chain": []},
    ]  # fmt: skip


def test_other_addresses_and_another_certificate_are_named() -> None:
    earlier = document(observations=observed("203.0.113.9", serial="01"))
    later = document(observations=observed("203.0.113.9", "203.0.113.10", serial="02"))
    assert compare(earlier, later).changed == (
        Change("addresses", "", "203.0.113.9", "203.0.113.10, 203.0.113.9"),
        Change("certificate", "", "CN=shop 01 – 2027-01-01", "CN=shop 02 – 2027-01-01"),
    )


def test_of_another_name_only_checks_and_layers_are_compared() -> None:
    other = {"scheme": "https", "host": "host1.example", "port": 443, "path": "/"}
    earlier = document(
        finding(1, "tcp.refused", "Of host1"), target=other,
        observations=observed("192.0.2.1", serial="01"),
    )  # fmt: skip
    later = document(
        finding(1, "tcp.refused", "Of shop"), observations=observed("203.0.113.9", serial="02")
    )
    comparison = compare(earlier, later)
    assert not comparison.same_target
    assert comparison.is_empty


@pytest.mark.parametrize(
    "earlier",
    [
        {},
        {"target": None, "run": 3, "verdict": [], "findings": {}, "layers": None},
        {"findings": [None, 3, {"check": 3}, {"check": "a.b", "title": {}}], "layers": [[]]},
        {"observations": [{"kind": "Handshake", "vantage": "here", "chain": 3}], "target": "x"},
    ],
    ids=["empty", "wrong types", "odd findings", "odd observations"],
)
def test_any_earlier_document_is_read(earlier: dict[str, Any]) -> None:
    assert target_url(earlier) == ""
    assert compare(earlier, document()).changed == (Change("verdict", "", "", "ok"),)


def test_control_characters_of_the_file_are_removed() -> None:
    comparison = compare(document(finding(1, "a.b", "\x1b[2J red")), document())
    assert "\x1b" not in comparison.gone[0].title
