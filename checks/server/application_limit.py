"""After a message about an upload that is too large, or about an error of the server: the program
that serves the site answered 413 itself, by its own log (`docker logs`, its journal, its files), or
wrote that a request is larger than its limit; SvelteKit answers 500 then. So the limit is the
program's, and not that of a web server in front of it, of which there may be none.
"""

from collections.abc import Iterator

from checks.upstream._responses import asks_about_size
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.containers import NginxContainer
from diagnose.model.nginx import NginxState
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.web_servers import WebServer

#: Content Too Large (RFC 9110 section 15.5.14).
_TOO_LARGE = 413
#: The words of no other framework (org.springframework.web.multipart).
_SPRING = "MaxUploadSizeExceededException"


@check(
    severity=Severity.ERROR,
    needs=[ProgramRefusal],
    explains=[
        "nginx.body-limit",
        "nginx.other-requests-failed",
        "server.apache-body-limit",
        "server.body-limit",
        "server.other-requests-failed",
    ],
    needs_message=True,
)
def application_limit(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    refusals = tuple(filter(_is_about_size, evidence.good(ProgramRefusal)))
    if not refusals or _is_server_in_container(evidence):
        return
    refusal = refusals[0]
    if refusal.method and not asks_about_size(evidence):
        return
    # Imported late: few programs have such a limit.
    from checks.http._known_application import framework_facts
    from checks.upstream._own_remedy import with_own_remedy

    is_alone = refusal.endpoint == str(target.port)
    claim = Claim(
        about=Subject(
            port=target.port, path=refusal.path if is_alone and refusal.path else target.path
        ),
        covers=(Subject(port=target.port),),
        because=refusals,
        # Another request than the one that a person means may have been the large one.
        confidence=Confidence.CERTAIN if refusal.method else Confidence.LIKELY,
        facts={
            "process": refusal.process,
            "endpoint": refusal.endpoint,
            "method": refusal.method,
            "path": refusal.path,
            "status": refusal.status,
            "times": refusal.times if refusal.times > 1 else "",
            "message": refusal.message,
            "spring": _SPRING in refusal.message,
            "command": refusal.equivalent,
            "alone": is_alone,
            **framework_facts(evidence, "body_limit"),
        },
        fix=Fix((Manual("raise", Where.APPLICATION),), Applicability.MANUAL),
    )
    yield with_own_remedy(evidence, claim, "body_limit", only_read=True)


def _is_about_size(refusal: ProgramRefusal) -> bool:
    """Return whether a program refused a request for its size. The words of a framework about that
    come without a method; those about a form have the status and the method of the log."""
    return refusal.status == _TOO_LARGE or not refusal.method


def _is_server_in_container(evidence: Evidence) -> bool:
    """Return whether a web server in a container may have written the log: its limit is named by
    its own checks."""
    masters = (master for state in evidence.of(NginxState) for master in state.own_masters)
    return (
        bool(evidence.of(NginxContainer))
        or any(master.container for master in masters)
        or any(server.container for server in evidence.of(WebServer))
    )
