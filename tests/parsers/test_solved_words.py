"""Words that say that a fault is over."""

import pytest

from diagnose.parsers.symptoms import symptom_of


@pytest.mark.parametrize(
    "words",
    [
        "Thanks, the 502 is gone after I changed the port in proxy_pass. Now it works.",
        "It works now, the certificate was expired and I renewed it.",
        "The problem is solved: the firewall had closed port 443, connection timed out",
        "I fixed it, the 404 came from a wrong root",
        "之前报 502，现在已经解决了",
        "证书过期的问题已经解决，网站恢复正常",
    ],
)
def test_a_fault_that_is_over_is_none(words: str) -> None:
    assert symptom_of(words) is None


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("The 502 is gone, but now I get 403 Forbidden", "status"),
        ("It works now and then, mostly 502 Bad Gateway", "status"),
        ("It works now only over http, https says connection refused", "refused"),
        ("It still gives 502 after I fixed it", "status"),
        ("502 已经解决了，但是登录后又报 403", "status"),
        ("The 502 is fixed. When I upload I see 413 Request Entity Too Large", "status"),
        ("502 Bad Gateway every morning. After a restart all is working now.", "status"),
        ("隔几个小时就报 502，重启后恢复正常，问题解决", "status"),
        ("重启之后 502 没有解决", "status"),
        ("I enter my credentials, the page just reloads and nobody is logged in", "login"),
    ],
)
def test_a_fault_that_is_still_there(words: str, kind: str) -> None:
    symptom = symptom_of(words)
    assert symptom is not None
    assert symptom.kind == kind
