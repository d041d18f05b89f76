"""Visitors whom nginx refused by a `deny` line of their address, by its error log
(ngx_http_access_module: "access forbidden by rule")."""

from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._access import refusing_rule
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._page_errors import logged_errors
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.model.server import server_addresses
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.edits import insert_before
from diagnose.parsers.nginx.error_log import REFUSED_BY_RULE
from diagnose.parsers.nginx.server_blocks import Server

#: More visitors are not let in one by one: the list is meant for them, or is wrong as a whole.
_MAX_VISITORS = 3


@frozen(eq=False)
class LoggedDenial:
    """A `deny` line and the visitors whom it refused at the page; `line` is the last refusal."""

    server: Server
    rule: Directive
    line: LogLine
    visitors: tuple[str, ...]

    @property
    def field(self) -> str:
        """The field from which nginx takes the visitor's address; "" if it is the address of the
        connection."""
        if not self.server.directives("set_real_ip_from"):
            return ""
        named = next(iter(self.server.directives("real_ip_header")), None)
        return named.args[0] if named and named.args else "X-Real-IP"


def refusals(nginx: Nginx) -> list[LogLine]:
    """Return a line for each visitor whom a rule refused at the page, this server left out."""
    evidence, own = nginx.evidence, server_addresses(nginx.evidence)
    path = evidence.target.path_without_query
    return [
        replace(line, client=client)
        for line, _ in logged_errors(evidence, REFUSED_BY_RULE, path)
        for client in line.clients or (line.client,)
        if is_address(client) and not is_loopback(client) and client not in own
    ]


def logged_denial(nginx: Nginx) -> LoggedDenial | None:
    """Return the line that refused visitors at the page, if all of them met the same one."""
    lines = refusals(nginx)
    if not lines:
        return None
    denials = [refusing_rule(nginx, line) for line in lines]
    server, rule = denials[-1]
    if server is None or rule is None or rule.args == ("all",) or rule.name != "deny":
        return None
    if any(each is not rule for _, each in denials):
        return None
    visitors = tuple(dict.fromkeys(line.client for line in lines))
    return LoggedDenial(server, rule, lines[-1], visitors)


def denial_fix(nginx: Nginx, denial: LoggedDenial) -> Fix:
    """Let the refused visitors in before the line. Whom the list is for, a person knows."""
    rule, file = denial.rule, nginx.file(denial.rule)
    steps = (Manual("compare-the-peer", Where.SERVER),) if denial.field else ()
    if file is not None and len(denial.visitors) <= _MAX_VISITORS:
        lines = [f"allow {visitor};" for visitor in denial.visitors]
        edits = config_edits(nginx, {rule.file: [insert_before(file.text, rule, lines)]})
        if edits:
            return Fix((*edits, *reload_steps(nginx), *steps), Applicability.REVIEW)
    return Fix(steps or (Manual("shorten-the-list", Where.SERVER),), Applicability.MANUAL)
