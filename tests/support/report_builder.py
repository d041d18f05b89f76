"""Reports made by hand: what the tests of the outputs write down.

Their checks are no checks of the catalogue. Their words lie in tests/outputs/words.
"""

from collections.abc import Iterator
from datetime import timedelta

from diagnose.checking.root_cause import findings
from diagnose.model import (
    Check,
    CheckFunction,
    Claim,
    Crash,
    Edit,
    Evidence,
    Failure,
    Fix,
    Host,
    Location,
    Observation,
    Report,
    Severity,
    Subject,
    Unseen,
    Vantage,
    commands,
)
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW, REFUSED, SHOP

ADDRESS = "203.0.113.10"

LEAF = Certificate(
    subject="CN=shop.example.com",
    issuer="CN=Test CA",
    serial="01",
    not_before=NOW - timedelta(days=29),
    not_after=NOW + timedelta(days=61, hours=2),
    sha256="ab" * 32,
    dns_names=("shop.example.com",),
)

NAME = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,), at=0.002, took=0.002,
                  equivalent="dig +short shop.example.com A")  # fmt: skip
NO_IPV6 = Resolution(name="shop.example.com", family=6, at=0.002, took=0.002,
                     failure=Failure("resolution", "No address associated with hostname", -5,
                                     "EAI_NODATA"))  # fmt: skip
OPEN = Connection(address=ADDRESS, port=443, family=4, at=0.005, took=0.003)
CLOSED = Connection(address=ADDRESS, port=443, family=4, at=0.005, took=0.003, failure=REFUSED,
                    equivalent=f"nc -vz {ADDRESS} 443")  # fmt: skip
SECURE = Handshake(
    address=ADDRESS,
    port=443,
    server_name="shop.example.com",
    protocol="TLSv1.3",
    verify_code=0,
    verify_message="ok",
    chain=(LEAF,),
    at=0.05,
    took=0.04,
)
ANSWER = Exchange(url="https://shop.example.com/", address=ADDRESS, port=443, status=200,
                  reason="OK", at=0.06, took=0.009)  # fmt: skip
#: All that proves that the site works.
WELL = (NAME, OPEN, SECURE, ANSWER, NO_IPV6)
SERVER = Host(hostname="web1", role="server", privileged=True, vantage=Vantage.SERVER)


def check(
    check_id: str, severity: Severity = Severity.ERROR, *explains: str, unanswered: bool = False
) -> Check:
    """A check that is only a name."""
    return Check(
        id=check_id,
        severity=severity,
        needs=(),
        explains=explains,
        judge=_silent,
        unanswered=unanswered,
    )


def judging(check_id: str, judge: CheckFunction, *needs: type[Observation]) -> Check:
    return Check(id=check_id, severity=Severity.ERROR, needs=needs, explains=(), judge=judge)


def _silent(evidence: Evidence) -> Iterator[Claim]:
    yield from ()


def report(
    *seen: Observation,
    raised: tuple[tuple[Check, Claim], ...] = (),
    crashes: tuple[Crash, ...] = (),
    interrupted: bool = False,
) -> Report:
    return Report(
        Evidence(SHOP, NOW, seen),
        findings(raised),
        crashes,
        duration=0.312,
        interrupted=interrupted,
    )


def healthy() -> Report:
    return report(*WELL)


def refused() -> Report:
    """One cause, found from outside."""
    return report(NAME, CLOSED, NO_IPV6, raised=((check("tcp.door-shut"), refusal()),))


def refusal(**more: object) -> Claim:
    subject = Subject(address=ADDRESS, port=443)
    facts: dict[str, object] = {"address": ADDRESS, "port": 443}
    given: dict[str, object] = {"about": subject, "because": (CLOSED,), "facts": facts, **more}
    return Claim(**given)  # type: ignore[arg-type]


DIFF = """\
--- /etc/nginx/conf.d/shop.conf
+++ /etc/nginx/conf.d/shop.conf
@@ -1,3 +1,4 @@
 server {
-    listen 443;
+    listen 443 ssl;
+    http2 on;
 }
"""


def mended() -> Report:
    """A cause with a place, an edit and a command; a consequence; a thing not seen; a crash."""
    fix = Fix(
        (
            Edit("/etc/nginx/conf.d/shop.conf", DIFF),
            commands.reload_nginx(("nginx",)),
        )
    )
    place = Location(
        "/etc/nginx/conf.d/shop.conf", 2, 5, 11, 1, ("server {", "    listen 443;", "}")
    )
    cause = refusal(
        fix=fix, location=place, ruled_out=("listener.missing",), because=(CLOSED, NAME)
    )
    symptom = Claim(about=Subject(address=ADDRESS, port=443), because=(CLOSED,),
                    facts={"address": ADDRESS, "port": 443})  # fmt: skip
    return report(
        SERVER,
        NAME,
        CLOSED,
        Unseen(what="the firewall", why="needs-root", enable="sudo diagnose shop.example.com"),
        NO_IPV6,
        raised=(
            (check("nginx.door-locked", Severity.ERROR, "tcp.door-shut"), cause),
            (check("tcp.door-shut"), symptom),
        ),
        crashes=(Crash("checks.tcp", "ValueError: no"),),
    )
