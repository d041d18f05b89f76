"""A program that is no web server (Node.js, Java, Python) has the port, speaks TLS and has no
certificate to show: it ends each handshake with alert 40, whatever suites it is offered. Such
programs start without one: an option is misspelt, a key store has no entry of that alias, or a file
was never given.

OpenSSL's message on the server is "no shared cipher" or "no suitable signature algorithm", Java's
"no cipher suites in common". A list of suites that excludes the certificate's type of key looks the
same, so this is likely and not certain.
"""

from collections.abc import Iterator

from checks.tls import failure_groups
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake

#: How the names of runtimes and of application servers begin that start without a certificate.
_NODE = ("node", "PM2", "bun", "deno", "next-server")
_JAVA = ("java", "jsvc")
_PYTHON = ("python", "uvicorn", "gunicorn", "hypercorn", "daphne", "flask")
_OTHERS = ("ruby", "puma", "php", "dotnet", "beam.smp")


@check(
    severity=Severity.ERROR,
    needs=[Handshake, Listeners],
    needs_fault=[Handshake],
    explains=["tls.no-shared-cipher"],
)
def no_certificate(evidence: Evidence) -> Iterator[Claim]:
    holder = _program(evidence)
    if holder is None:
        return
    for group in failure_groups(evidence, "no-shared-cipher"):
        tried = any(control.variant == "any-cipher" for control in group.controls)
        if not tried or group.control("any-cipher"):
            continue  # it has a certificate, and shows it for other suites
        process = holder.process or ""
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=(*group.handshakes, *evidence.good(Listeners)),
            confidence=Confidence.LIKELY,
            ruled_out=("tls.no-shared-protocol", "tls.name-rejected"),
            facts={
                **group.facts,
                "program": process,
                "pid": holder.pid or "",
                "node": process.startswith(_NODE),
                "java": process.startswith(_JAVA),
                "python": process.startswith(_PYTHON),
            },
            fix=Fix((Manual("give-the-certificate", Where.APPLICATION),), Applicability.MANUAL),
        )


def _program(evidence: Evidence) -> Listener | None:
    """Return what listens on the target's port, if it is one program of a kind that starts without
    a certificate. Web servers do not, and a container's program is not seen here."""
    holders = [
        listener
        for listeners in evidence.good(Listeners)
        for listener in listeners.on(evidence.target.port)
    ]
    kinds = (*_NODE, *_JAVA, *_PYTHON, *_OTHERS)
    is_one = len({listener.process for listener in holders}) == 1
    return holders[0] if is_one and (holders[0].process or "").startswith(kinds) else None
