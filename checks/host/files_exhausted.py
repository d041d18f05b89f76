"""A program has as many files open as it may (RLIMIT_NOFILE, getrlimit(2)). Each connection is a
file, so that it accepts no more: "accept4: too many open files". The kernel still opens connections
for it, and visitors or nginx wait in vain.

nginx's workers are a matter of `nginx.connection-limit`: it writes a line for each refusal.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.kernel import Boot
from diagnose.model.nginx import UpstreamTry
from diagnose.model.resources import FileUser, OpenDescriptors

#: What programs with many connections are given.
_FILES = 65536


@check(
    severity=Severity.ERROR,
    needs=[OpenDescriptors],
    explains=[
        "tls.*", "http.*", "websocket.*", "tcp.accept-queue-full", "tcp.timeout",
        "upstream.timeout", "upstream.closed-early", "upstream.none-live", "upstream.queue-full",
        "server.application-silent", "server.request-failed",
    ],
)  # fmt: skip
def files_exhausted(evidence: Evidence) -> Iterator[Claim]:
    for opened in evidence.good(OpenDescriptors):
        users = [user for user in opened.users if user.name not in {"nginx", "openresty"}]
        exhausted = [user for user in users if user.is_out_of_files]
        # Of several workers one that is not at its limit still accepts.
        if exhausted and len(exhausted) == len(users):
            yield _claim(evidence, opened, exhausted[0])


def _claim(evidence: Evidence, opened: OpenDescriptors, user: FileUser) -> Claim:
    is_target = opened.port == evidence.target.port
    attempts = [
        attempt
        for attempt in evidence.of(UpstreamTry)
        if attempt.port == opened.port and attempt.failure
    ]
    booted = (boot.service for boot in evidence.good(Boot) if boot.manager == "systemd")
    unit = user.unit or next((service for service in booted if is_target), "")
    return Claim(
        about=Subject(text=f"{user.name} ({user.pid})"),
        covers=(Subject(),),
        because=(opened, *attempts),
        facts={
            "program": user.name,
            "pid": user.pid,
            "port": opened.port,
            "limit": user.limit,
            "sockets": user.sockets,
            "unit": unit,
            "application": not is_target,
            "leak": user.sockets * 2 < user.limit,
        },
        fix=_fix(user),
    )


def _fix(user: FileUser) -> Fix:
    """Raise the limit of the service, by a file that comes last among those beside its unit, and
    start its program again: a limit is given at a start."""
    if not user.unit:
        return Fix((Manual("raise", Where.SERVER),), Applicability.MANUAL)
    # Imported late: few programs have too few files.
    from diagnose.model.unit_commands import drop_in_steps

    steps = (
        *drop_in_steps(user.unit, (f"LimitNOFILE={_FILES}",), "zz-open-files"),
        commands.restart_service(user.unit),
    )
    return Fix(steps, Applicability.REVIEW)
