"""Handshakes as literals: a visit and the comparisons made after it."""

import re
from typing import Any

from diagnose.model import Applicability, Claim, Edit, Evidence, Failure, Finding
from diagnose.model.tls import Handshake
from diagnose.parsers.tls import ALERTS, make_alert
from tests.support.check_evidence import NOW, SHOP

RESET = Failure("reset", "Connection reset by peer", 104, "ECONNRESET")
CLOSED = Failure("closed", "connection closed")
SILENCE = Failure("timeout", "timed out")
GARBAGE = Failure("protocol", "[SSL: WRONG_VERSION_NUMBER] wrong version number")

#: Every comparison that follows a failure, as it goes where nothing helps.
CONTROLS = ("old", "any-cipher", "tls1.2", "small-hello", "no-sni", "other-sni", "again", "plain")


def shake(variant: str = "normal", failure: Failure | None = None, **other: Any) -> Handshake:
    return Handshake(
        **{
            "address": "203.0.113.10",
            "port": 443,
            "server_name": "shop.example.com",
            "variant": variant,
            "failure": failure,
            "protocol": "" if failure else "TLSv1.3",
            **other,
        }
    )


def alerted(code: int, variant: str = "normal", **other: Any) -> Handshake:
    failure = Failure("alert", "tlsv1 alert", code, ALERTS[code])
    return shake(variant, failure, alert=make_alert(2, code), **other)


def all_failing(failure: Failure, *but: str) -> list[Handshake]:
    """The comparisons, each of them in vain, but for some."""
    return [shake(variant, failure) for variant in CONTROLS if variant not in but]


def findings(*seen: Handshake) -> tuple[Finding, ...]:
    from diagnose.checking.registry import layer_checks
    from diagnose.checking.root_cause import claims
    from diagnose.checking.root_cause import findings as found

    crashes: list[object] = []
    raised = claims(layer_checks("tls"), Evidence(SHOP, NOW, seen), crashes.append)
    assert not crashes
    return found(raised)


def said(*seen: Handshake) -> list[str]:
    """All that the layer says, symptoms among it."""
    return [finding.check.id for finding in findings(*seen)]


WELL = shake()

OWN = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    ssl_certificate shop.pem;
    ssl_certificate_key shop.key;
}
"""


def with_line(line: str) -> str:
    """The site's block with one more line at its end."""
    return OWN.removesuffix("}\n") + f"    {line}\n}}\n"


def changes(claim: Claim) -> str:
    """The lines that a remedy takes away and puts in."""
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)] if claim.fix else []
    lines = "".join(edit.diff for edit in edits).splitlines()
    return "\n".join(line for line in lines if re.match(r"[+-](?![+-])", line))


def applicability(claim: Claim) -> Applicability | None:
    return claim.fix.applicability if claim.fix else None
