"""Apache's rewrite rules turn a path into one that they rewrite again, until Apache gives up:
AH00124, "Request exceeded the limit of 10 internal redirects" (httpd, "LimitInternalRecursion")."""

from collections.abc import Iterator

from checks.server import server_view
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import ServerRequestError, WebServer


@check(
    severity=Severity.ERROR,
    needs=[WebServer, ServerRequestError, Exchange],
    explains=["server.application-answers", "http.server-error"],
)
def apache_rewrite_recursion(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_view(evidence), evidence.target.port
    error = next((e for e in evidence.good(ServerRequestError) if e.reason == "recursion"), None)
    pages = [page for page in page_exchanges(evidence) if page.status == 500]
    if view is None or error is None or not pages or view.server.product != error.product:
        return
    root = next((site.root for site in view.answering_sites if site.root), "")
    yield Claim(
        about=Subject(port=port, path=evidence.target.path),
        covers=(Subject(port=port),),
        because=(error, view.server, *pages),
        facts={
            **view.facts,
            "message": error.message,
            "log": error.log,
            "file": f"{root.rstrip('/')}/.htaccess" if root else "",
        },
        fix=Fix((Manual("stop-it", Where.SERVER),), Applicability.MANUAL),
    )
