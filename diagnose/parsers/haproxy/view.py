"""The proxies of a configuration that take a target's requests. No I/O."""

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteSocket
from diagnose.parsers.haproxy.addresses import sockets_of
from diagnose.parsers.haproxy.conditions import Rule, Situation, host_patterns, rules_of
from diagnose.parsers.haproxy.config import Configuration, Line, Proxy
from diagnose.parsers.haproxy.sites import Selection, selections
from diagnose.parsers.web_sites import name_matches, takes


@frozen
class TargetProxies:
    """The frontend on the target's port, the backend that takes the target's path (None if it is
    unknown), and the rule that chooses it."""

    config: Configuration
    frontend: Proxy
    bind: Line
    tls: bool
    backend: Proxy | None = None
    selection: Selection | None = None

    @property
    def sni_too_early(self) -> Line | None:
        """The rule that chooses by the name in TLS, in mode tcp, without a wait for the handshake
        ("tcp-request inspect-delay"): the name may not have arrived yet."""
        if self.frontend.mode != "tcp" or self.frontend.setting("tcp-request", "inspect-delay"):
            return None
        return next((rule.line for rule in rules_of(self.frontend) if _uses_sni(rule)), None)

    @property
    def own_host(self) -> str:
        """The Host field that a rule without a condition sets, "" if the visitor's is passed on."""
        lines = [*self.frontend.lines, *(self.backend.lines if self.backend else ())]
        values = (
            line.words[3]
            for line in lines
            if line.starts_with("http-request", "set-header")
            and len(line.words) == 4
            and line.words[2].lower() == "host"
            and "%" not in line.words[3]
        )
        return next(iter(list(values)[-1:]), "")


def target_proxies(config: Configuration, target: Target, path: str = "") -> TargetProxies | None:
    """Return the proxies that take the target's requests, for another path of it if one is given;
    None if no frontend has its port."""
    for frontend in config.frontends:
        for socket, line in sockets_of(frontend):
            if socket.port == target.port:
                selection = _selection(frontend, target, socket, path or target.path)
                backend = config.backend(selection.backend) if selection else None
                return TargetProxies(config, frontend, line, socket.tls, backend, selection)
    return None


def _selection(frontend: Proxy, target: Target, socket: SiteSocket, path: str) -> Selection | None:
    """Return the rule that takes a path; None if a rule before it was not evaluated."""
    rules = rules_of(frontend)
    names = (name for name in host_patterns(rules) if name_matches(name, target.host))
    situation = Situation(next(names, ""), socket.tls, socket.port)
    for selection in selections(frontend, rules, situation):
        match = selection.match
        if match.websocket:
            continue
        if match.conditional:
            return None
        if any(takes(prefix, path.partition("?")[0]) for prefix in match.prefixes):
            return selection
    return None


def _uses_sni(rule: Rule) -> bool:
    return any(
        criterion.subject == "sni"
        for term in rule.alternatives
        for literal in term
        for criterion in literal.criteria
    )
