"""The proxies of a configuration that take a target's requests. No I/O."""

from dataclasses import replace

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteSocket, WebServerConfig
from diagnose.parsers.haproxy.addresses import followed, sockets_of
from diagnose.parsers.haproxy.conditions import (
    Match,
    Rule,
    Situation,
    holds,
    host_patterns,
    match_of,
    path_rules_of,
    refusing_rules_of,
    rules_of,
)
from diagnose.parsers.haproxy.config import Configuration, Line, Proxy, parse
from diagnose.parsers.haproxy.host_field import fixed_host
from diagnose.parsers.haproxy.path_changes import path_changes
from diagnose.parsers.haproxy.sites import Selection, selections
from diagnose.parsers.web_sites import changed_path, name_matches


@frozen
class TargetProxies:
    """The frontend on the target's port, the backend that takes the target's path (None if it is
    unknown), and the rule that chooses it. `is_decided` is False if a rule was not evaluated that
    may take the path; with it and without a selection HAProxy chooses no backend."""

    config: Configuration
    frontend: Proxy
    bind: Line
    tls: bool
    backend: Proxy | None = None
    selection: Selection | None = None
    is_decided: bool = False

    @property
    def backend_name(self) -> str:
        return self.selection.backend if self.selection else ""

    @property
    def is_chosen_by_path(self) -> bool:
        """Whether the rule that takes the path is for a part of the paths only."""
        rule = self.selection.rule if self.selection else None
        return rule is not None and _names_path(rule)

    @property
    def passes_tls_on(self) -> bool:
        """Whether the backend gets the TLS of visitors as it is."""
        mode = self.backend.mode if self.backend else self.frontend.mode
        return mode == "tcp" and not self.tls

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
        return fixed_host(lines)


def parsed(config: WebServerConfig) -> Configuration:
    """Parse the configuration that was read from a server."""
    return parse(
        ((file.path, file.text) for file in config.files),
        ((file.path, file.text) for file in config.maps),
    )


def missing_backend(proxies: TargetProxies, target: Target) -> str:
    """Return the name that a rule makes of the request, if no backend has it; "" otherwise."""
    rules = rules_of(proxies.frontend)
    situation = situation_of(rules, target, proxies.tls)
    own = target.path_without_query
    for rule in rules:
        match = match_of(rule, situation) if rule.leaves and rule.backend else None
        if match and not match.conditional and _beginning(match, own):
            return rule.backend
    return ""


def target_proxies(
    config: Configuration, target: Target, path: str = "", websocket: bool = False
) -> TargetProxies | None:
    """Return the proxies that take the target's requests, for another path of it if one is given,
    or its WebSocket handshakes; None if no frontend has its port."""
    for frontend in config.frontends:
        for socket, line in sockets_of(frontend):
            if socket.port == target.port:
                own_path = path_to_backends(frontend, target, socket.tls, path or target.path)
                selection, decided = _selection(frontend, target, socket, own_path, websocket)
                backend = config.backend(selection.backend) if selection else None
                backend = followed(config, backend)
                return TargetProxies(
                    config, frontend, line, socket.tls, backend, selection, decided
                )
    return None


def path_to_backends(frontend: Proxy, target: Target, tls: bool, path: str) -> str:
    """Return the path by which a frontend chooses a backend: its rules that change the path come
    before, wherever they stand (Configuration Manual, "http-request")."""
    rules = path_rules_of(frontend)
    situation = situation_of(rules, target, tls)
    return changed_path(path_changes(rules, situation), path.partition("?")[0])


def selection_before_changes(proxies: TargetProxies, target: Target) -> Selection | None:
    """Return the rule that would take the target's path if the frontend did not change it."""
    selection, is_decided = _selection(
        proxies.frontend, target, _socket(proxies), target.path, False
    )
    return selection if is_decided else None


def _socket(proxies: TargetProxies) -> SiteSocket:
    return next(socket for socket, line in sockets_of(proxies.frontend) if line == proxies.bind)


@frozen
class Refusal:
    """A rule that answers a request with an error itself. `is_certain` is False if its condition
    depends on more than is known here, such as the visitor's address or a counter. `is_reached` is
    False for one of a backend of which it is not known whether it takes the request."""

    line: Line
    status: int
    is_certain: bool
    is_reached: bool = True


@frozen
class WholePath:
    """A rule that chooses a backend for `path` alone. `replaced` is the method in the name of its
    fetch ("end" of "path_end"), whose place "-m str" takes; "" if its fetch is "path"."""

    line: Line
    backend: str
    path: str
    replaced: str = ""


def refusals(
    proxies: TargetProxies, target: Target, path: str, agent: str = "", verb: str = ""
) -> tuple[Refusal, ...]:
    """Return the rules of the frontend and of the backend that answer a path themselves, or may,
    up to the first that does so in any case, for a program with a User-Agent, or a method, if
    one is given.
    Where it is not known which backend takes the path,
    such as by the visitor's address, those of each that may count, and none is certain."""
    refusals_in_order: list[Refusal] = []
    for proxy in (proxies.frontend, *_possible_backends(proxies, target, path)):
        rules = refusing_rules_of(proxy)
        # This run has no password.
        situation = situation_of(rules, target, proxies.tls)
        situation = replace(situation, anonymous=True, agent=agent, verb=verb)
        for rule in rules:
            truth = holds(rule, situation, path.partition("?")[0])
            if truth is False:
                continue
            is_reached = proxy is proxies.frontend or proxy is proxies.backend
            is_certain = truth is True and is_reached
            refusals_in_order.append(
                Refusal(rule.line, refusal_status(rule.line), is_certain, is_reached)
            )
            if is_certain:
                return tuple(refusals_in_order)
    return tuple(refusals_in_order)


def _possible_backends(proxies: TargetProxies, target: Target, path: str) -> tuple[Proxy, ...]:
    """Return the backend that takes a path, or where that is not known, each that may."""
    if proxies.backend or proxies.is_decided:
        return (proxies.backend,) if proxies.backend else ()
    rules = rules_of(proxies.frontend)
    situation = situation_of(rules, target, proxies.tls)
    own = path_to_backends(proxies.frontend, target, proxies.tls, path)
    names: list[str] = []
    for selection in selections(proxies.frontend, rules, situation):
        truth = holds(selection.rule, situation, own) if selection.rule else True
        if truth is not False and not selection.match.websocket:
            names.append(selection.backend)
        if truth:  # those behind it never count
            break
    backends = (proxies.config.backend(name) for name in dict.fromkeys(names))
    return tuple(backend for backend in backends if backend)


def changing_lines(proxies: TargetProxies, target: Target) -> tuple[Line, ...]:
    """Return the lines of the frontend that change the path of the target's request for certain."""
    rules = path_rules_of(proxies.frontend)
    situation = situation_of(rules, target, proxies.tls)
    path = target.path_without_query
    return tuple(rule.line for rule in rules if holds(rule, situation, path))


def refusal_status(line: Line) -> int:
    """Return the status of a rule ("http-request deny deny_status 429", "http-request return status
    503"): by default 401 for auth, 403 for deny, 500 for tarpit, 200 for return."""
    text = line.after("deny_status") or line.after("status")
    default = {"auth": 401, "deny": 403, "tarpit": 500}.get(line.words[1], 200)
    return int(text) if text.isascii() and text.isdigit() and len(text) == 3 else default


def later_selection(proxies: TargetProxies, target: Target, path: str) -> Selection | None:
    """Return the first rule for a longer beginning of a path that comes behind the one that takes
    it."""
    rules = rules_of(proxies.frontend)
    situation = situation_of(rules, target, proxies.tls)
    own_path = path_to_backends(proxies.frontend, target, proxies.tls, path)
    is_behind = False
    own = _length(proxies.selection, own_path) if proxies.selection else 0
    for selection in selections(proxies.frontend, rules, situation):
        # The default comes last in any case.
        is_rule = selection.line.words[0] == "use_backend"
        is_other = proxies.selection is not None and selection.backend != proxies.backend_name
        if is_behind and is_rule and is_other and _length(selection, own_path) > own:
            return selection
        is_behind = is_behind or selection == proxies.selection
    return None


def missed_whole_path(proxies: TargetProxies, target: Target, path: str) -> WholePath | None:
    """Return the first rule that would choose a backend for the beginning of a path and misses the
    path itself, because it compares the whole path ("path", not "path_beg"; "path_end -m str", not
    "path_end"); None if a rule before takes the path, or may do so."""
    own = path_to_backends(proxies.frontend, target, proxies.tls, path)
    rules = rules_of(proxies.frontend)
    situation = situation_of(rules, target, proxies.tls)
    for rule in rules:
        if rule.line.keyword != "use_backend" or rule.leaves:
            continue
        if holds(rule, situation, own) is not False:
            return None
        for value, replaced in _whole_paths(rule):
            if _would_take(value, replaced, own) and holds(rule, situation, value):
                return WholePath(rule.line, rule.backend, value, replaced)
    return None


def _whole_paths(rule: Rule) -> list[tuple[str, str]]:
    """Return the paths that a rule compares with the whole path, and the method that is not used
    for it ("end" of "path_end -m str", "" of "path")."""
    return [
        (value, criterion.replaced)
        for term in rule.alternatives
        for literal in term
        for criterion in literal.criteria
        if not literal.negated and (criterion.subject, criterion.method) == ("path", "str")
        for value in criterion.values
    ]


def _would_take(value: str, method: str, path: str) -> bool:
    """Return whether a value takes another path than itself by a method, by default "beg" for what
    lies below it."""
    match method:
        case "beg":
            takes = path.startswith(value)
        case "end":
            takes = path.endswith(value)
        case "sub":
            takes = value in path
        case _:
            takes = path.startswith(f"{value.rstrip('/')}/") and bool(value.strip("/"))
    return takes and path != value and bool(value)


def backend_with_port(proxies: TargetProxies, target: Target) -> str | None:
    """Return the backend of a request whose Host field has the port behind the name, "" if no rule
    takes it; None if that is not known. The field may have it on any port (RFC 9110 section
    7.2)."""
    own_path = path_to_backends(proxies.frontend, target, proxies.tls, target.path)
    selection, is_decided = _selection(
        proxies.frontend, target, _socket(proxies), own_path, False, True
    )
    return None if not is_decided else selection.backend if selection else ""


def _selection(
    frontend: Proxy,
    target: Target,
    socket: SiteSocket,
    path: str,
    websocket: bool,
    writes_port: bool = False,
) -> tuple[Selection | None, bool]:
    """Return the rule that takes a path, and whether each rule before it was evaluated."""
    rules, own_path = rules_of(frontend), path.partition("?")[0]
    situation = situation_of(rules, target, socket.tls)
    situation = replace(situation, writes_port=situation.writes_port or writes_port)
    for selection in selections(frontend, rules, situation):
        if selection.match.websocket and not websocket:
            continue
        truth = holds(selection.rule, situation, own_path) if selection.rule else True
        if truth is False:
            continue
        if truth is None and selection.match.conditional:
            return None, False
        if truth or _length(selection, own_path):
            return selection, True
    return None, True


def situation_of(rules: tuple[Rule, ...], target: Target, tls: bool) -> Situation:
    """Return what is known of the target's request to a frontend with these rules."""
    names = (name for name in host_patterns(rules) if name_matches(name, target.host))
    writes_port = target.port != (443 if target.uses_tls else 80)
    return Situation(next(names, ""), tls, target.port, writes_port, target.host)


def _length(selection: Selection, path: str) -> int:
    """Return the length of the beginning by which a rule takes a path, 0 if it does not."""
    return len(_beginning(selection.match, path))


def _beginning(match: Match, path: str) -> str:
    """Return the longest value of a rule that takes a path, "" if none does."""
    values = (
        value
        for value in match.prefixes
        if (path == value if match.exact else path.startswith(value))
    )
    return max(values, key=len, default="")


def _uses_sni(rule: Rule) -> bool:
    return any(
        criterion.subject == "sni" and not criterion.is_own
        for term in rule.alternatives
        for literal in term
        for criterion in literal.criteria
    )


@frozen
class EarlyRedirect:
    """A redirect that answers a path for certain, and a rule for a backend of that path in the same
    frontend, which is never reached: HAProxy redirects before it chooses a backend, in whatever
    order the lines stand (Configuration Manual, "use_backend")."""

    redirect: Line
    rule: Line
    backend: str


def early_redirect(proxies: TargetProxies, target: Target, path: str) -> EarlyRedirect | None:
    """Return the redirect that keeps a path from its own rule, None if there is none."""
    own = path.partition("?")[0]
    rules = rules_of(proxies.frontend)
    situation = situation_of(rules, target, proxies.tls)
    redirects = (
        rule for rule in rules if rule.line.keyword != "use_backend" and holds(rule, situation, own)
    )
    redirect = next(redirects, None)
    if redirect is None:
        return None
    for rule in rules:
        if rule.line.keyword != "use_backend" or rule.leaves or rule.negated:
            continue
        if _names_path(rule) and holds(rule, situation, own):
            return EarlyRedirect(redirect.line, rule.line, rule.backend)
    return None


def _names_path(rule: Rule) -> bool:
    """Return whether a rule is for a part of the paths only."""
    return any(
        criterion.subject == "path" and not literal.negated and "/" not in criterion.values
        for term in rule.alternatives
        for literal in term
        for criterion in literal.criteria
    )
