"""A list of addresses of Apache, Caddy or HAProxy refuses one visitor: `Require not ip`, `Deny
from`, an allow-list without the visitor, a matcher `remote_ip`, an ACL with `src`.

Who the visitor is, somebody says: the option `--from`, a message that names an address, or the
person who is logged in over SSH, if the list has that very address. After a message about 403, or
about one visitor alone, it is whom the server refused by its access log. Without any of these a
list counts only where it has networks of one address family, the name has addresses of both, and
the log refuses visitors of the other family alone.
"""

from collections.abc import Iterator

from checks.firewall._visitors import ssh_clients
from checks.server import server_on_port
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.visitor import RefusedClients, visitor_address
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.page-refused", "http.page-restricted", "server.rule-refuses",
        "server.haproxy-rule-refuses", "server.own-answer", "server.application-answers",
        "server.visitors-refused",
    ],
)  # fmt: skip
def visitor_denied(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or not _is_asked(evidence):
        return
    # Imported late: a healthy site has no list that refuses a visitor who is known.
    from checks.server._denied_visitors import denial_facts, denials, letting_in

    target = evidence.target
    for denial in denials(view, ssh_clients(evidence)):
        is_named = denial.source in {"option", "words", "ssh"}
        is_certain = denial.source == "option" or (denial.source == "words" and denial.is_logged)
        subject = Subject(port=target.port, path=target.path)
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=target.port)),
            because=(view.server, view.config, *denial.log),
            confidence=Confidence.CERTAIN if is_certain else Confidence.LIKELY,
            severity=None if is_named else Severity.WARNING,
            facts={**view.facts, "path": target.path_without_query, **denial_facts(denial)},
            fix=letting_in(view, denial),
        )


def _is_asked(evidence: Evidence) -> bool:
    """Return whether anybody says who is refused, or a log does."""
    is_told = bool(visitor_address(evidence) or evidence.target.symptom)
    return is_told or bool(ssh_clients(evidence)) or bool(evidence.good(RefusedClients))
