"""nginx has marked every server of a group as failed. After max_fails (1) failures it does not use
a server for fail_timeout (10 s) (nginx.org, ngx_http_upstream_module, server). If all are marked,
it sends 502 at once (error.log: "no live upstreams while connecting to upstream"), although they
may work again.

nginx-proxy writes such a group itself where it has no network in common with the application's
container, with a comment that says so (nginx-proxy, nginx.tmpl; issue 1253).

If the servers still fail, that failure is the cause, and another check names it. nginx says the
same where every server is marked `down`, or has as many connections as `max_conns` allows. `down`
stands in the configuration: then the log is not needed.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.upstream._address_lines import writer_of
from checks.upstream._counted_failures import counting_line, uncounted_fix
from checks.upstream._edits import edit_fix
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
from diagnose.model.containers import Containers, NginxContainer
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, NginxConfig, UpstreamTry
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.config import children, seconds
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import proxy_pass_of

#: Seconds for which a failed server is not used, unless the group sets another time.
DEFAULT_FAIL_TIMEOUT = 10.0

#: Failures that a direct attempt as another user, or without TLS, does not show.
_OTHER_FAILURES = r"\(13: |SSL_do_handshake|certificate|sent too big header|sent invalid header"

#: nginx-proxy's comments in a group, before and since version 1.
_UNREACHABLE = re.compile(r"^[ \t]*#[ \t]*([\w.-]{1,200}) \(unreachable\)[ \t]*$", re.MULTILINE)
_CONTAINER = re.compile(r"^[ \t]*# Container: ([\w.-]{1,200})[ \t]*$", re.MULTILINE)
_NAME = re.compile(r"^[ \t]*#[ \t]*([\w.-]{1,200})[ \t]*$", re.MULTILINE)
#: The address of a container in one of Docker's own networks.
_BARE_ADDRESS = re.compile(r"(?:172|10|192)(?:\.\d{1,3}){3}", re.ASCII)
_NO_NETWORK = re.compile(r"#[ \t]*Cannot connect to network|#[^\n]{0,200}\(unreachable\)")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[Exchange, Upgrade],
    explains=[
        "http.server-error", "websocket.not-upgraded", "websocket.inner-proxy",
        "upstream.application-log",
    ],
)  # fmt: skip
def none_live(evidence: Evidence) -> Iterator[Claim]:
    nginx, lines = Nginx.of(evidence), evidence.of(LogLine)
    for group, failures in _failures_by_group(nginx).items():
        log_lines = error_log.matching_lines(lines, pattern=r"no live upstreams", upstream=group)
        directive = next(
            (directive for directive in _upstream_groups(nginx) if directive.args[0] == group), None
        )
        if directive is None or not (log_lines or _are_all_down(directive)):
            continue
        endpoints = _server_addresses(directive)
        earlier_lines = [line for line in lines if error_log.upstream_authority(line) in endpoints]
        other_failures = error_log.matching_lines(earlier_lines, pattern=_OTHER_FAILURES)
        responses = _responses(evidence, group)
        if not other_failures and (responses or _are_all_down(directive)):
            yield _claim(nginx, directive, log_lines, earlier_lines, failures, responses)


def _failures_by_group(nginx: Nginx) -> dict[str, list[Exchange | Upgrade]]:
    """Return the 502 responses of the front server now, by upstream group."""
    evidence = nginx.evidence
    failures: list[tuple[str, Exchange | Upgrade]] = [
        (evidence.target.path, exchange)
        for exchange in page_exchanges(evidence)
        if exchange.status == 502
    ]
    failures += [
        (upgrade.path, upgrade)
        for upgrade in evidence.of(Upgrade)
        if upgrade.through == "front" and upgrade.status == 502
    ]
    failures_by_group: dict[str, list[Exchange | Upgrade]] = {}
    for path, failure in failures:
        for match in nginx.location_matches(path):
            pass_directive = proxy_pass_of(match)
            group = (
                pass_directive.args[0].partition("://")[2].partition("/")[0]
                if pass_directive
                else ""
            )
            if group:
                failures_by_group.setdefault(group, []).append(failure)
    return failures_by_group


def _upstream_groups(nginx: Nginx) -> Iterator[Directive]:
    for http in nginx.config.main if nginx.config else ():
        if http.name == "http":
            yield from (directive for directive in children(http, "upstream") if directive.args)


def _are_all_down(group: Directive) -> bool:
    servers = children(group, "server")
    return bool(servers) and all("down" in server.args[1:] for server in servers)


def _has_no_network(nginx: Nginx, group: Directive) -> bool:
    """Return whether nginx-proxy wrote the group, and found no network in which it and the
    application's container are."""
    file = nginx.file(group)
    return file is not None and _NO_NETWORK.search(file.text[group.start : group.stop]) is not None


def _is_of_nginx_proxy(nginx: Nginx, group: Directive) -> bool:
    """Return whether nginx-proxy wrote the group. It marks a server as down, too, where the image
    names several ports and the container's environment none (nginx.tmpl, VIRTUAL_PORT)."""
    writer = writer_of(nginx, group)
    if writer is not None and writer.panel == "nginx-proxy":
        return True
    return bool(_named_container(nginx, group))


def _named_container(nginx: Nginx, group: Directive) -> str:
    """Return the container of this server whose name alone stands in the comment above the only
    server line, which has its address and no port; "" if there is none. docker-gen writes such a
    group, as nginx-proxy did before version 1."""
    file, servers = nginx.file(group), children(group, "server")
    text = file.text[group.start : group.stop] if file else ""
    if len(servers) != 1 or not _BARE_ADDRESS.fullmatch(servers[0].args[0]):
        return ""
    known = {
        container.name
        for containers in nginx.evidence.good(Containers)
        for container in containers.containers
    }
    own = nginx.evidence.good(NginxContainer)
    names = [name for name in _NAME.findall(text) if name in known]
    return names[0] if own and len(names) == 1 else ""


def _proxy_fix(nginx: Nginx, group: Directive, step: str) -> Fix:
    """Tell nginx-proxy the port of the application in the environment of its container, or give
    both a network in common."""
    # Imported late: few groups are nginx-proxy's.
    from checks.upstream._container_names import sharing_fix, virtual_fix

    facts = _network_facts(nginx, group)
    containers = (each for item in nginx.evidence.good(Containers) for each in item.running)
    container = next((each for each in containers if each.name == facts["application"]), None)
    if step == "share-a-network":
        return sharing_fix(nginx.evidence, container, step)
    settings = {"VIRTUAL_PORT": str(facts["port"])} if facts["port"] else {}
    return virtual_fix(nginx.evidence, step, container, settings)


def _listening_port(nginx: Nginx, container: str) -> int | str:
    """Return the only port on which a container listens for others; "" if it is not known, or if
    there are several."""
    ports = {
        port
        for containers in nginx.evidence.good(Containers)
        for known in containers.containers
        if container and known.name == container
        for namespace in containers.namespaces
        if namespace.container == known.id
        for _, port in namespace.sockets
        if namespace.listens(port)
    }
    return next(iter(ports)) if len(ports) == 1 else ""


def _network_facts(nginx: Nginx, group: Directive) -> dict[str, object]:
    """Return the application's container and its network, by nginx-proxy's comments, the name of
    nginx-proxy's own container, and the engine; each "" if it is not known or not the only one."""
    file = nginx.file(group)
    text = file.text[group.start : group.stop] if file else ""
    networks = tuple(dict.fromkeys(_UNREACHABLE.findall(text)))
    applications = tuple(dict.fromkeys(_CONTAINER.findall(text)))
    applications = applications or tuple(filter(None, (_named_container(nginx, group),)))
    own = next(iter(nginx.evidence.good(NginxContainer)), None)
    return {
        "network": networks[0] if len(networks) == 1 else "",
        "application": applications[0] if len(applications) == 1 else "",
        "port": _listening_port(nginx, applications[0]) if len(applications) == 1 else "",
        "proxy": (own.name if own else "") or "nginx-proxy",
        "engine": (own.engine if own else "") or "docker",
    }


def _connection_limit(group: Directive, earlier_lines: list[LogLine]) -> int:
    """Return how many connections max_conns allows to the whole group; 0 if it is not the limit: a
    server has none, or one failed before."""
    limits = [
        int(value)
        for server in children(group, "server")
        for arg in server.args[1:]
        if arg.startswith("max_conns=") and (value := arg.partition("=")[2]).isdecimal()
    ]
    is_full = len(limits) == len(children(group, "server")) and all(limits) and not earlier_lines
    return sum(limits) if is_full else 0


def _server_addresses(group: Directive) -> tuple[str, ...]:
    addresses = (server.args[0] for server in children(group, "server") if server.args)
    return tuple(address if ":" in address else f"{address}:80" for address in addresses)


def _responses(evidence: Evidence, group: str) -> list[UpstreamTry | Upgrade]:
    """Return the responses of the group's servers to direct requests now."""
    responses: list[UpstreamTry | Upgrade] = [
        attempt
        for attempt in evidence.of(UpstreamTry)
        if attempt.asked
        and attempt.status
        and attempt.target.partition("://")[2].partition("/")[0] == group
    ]
    endpoints = {
        (attempt.host, attempt.port)
        for attempt in evidence.of(UpstreamTry)
        if group in attempt.target
    }
    responses += [
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.through == "application"
        and upgrade.status
        and (upgrade.address, upgrade.port) in endpoints
    ]
    return responses


def _claim(
    nginx: Nginx,
    group: Directive,
    log_lines: tuple[LogLine, ...],
    earlier_lines: list[LogLine],
    failures: list[Exchange | Upgrade],
    responses: list[UpstreamTry | Upgrade],
) -> Claim:
    evidence, port = nginx.evidence, nginx.evidence.target.port
    paths = tuple(
        dict.fromkeys(
            failure.path if isinstance(failure, Upgrade) else evidence.target.path
            for failure in failures
        )
    )
    reasons = dict.fromkeys(line.text for line in earlier_lines)
    options = [arg for server in children(group, "server") for arg in server.args[1:]]
    timeouts = [seconds(arg.partition("=")[2]) for arg in options if arg.startswith("fail_timeout")]
    times = sum(line.times for line in log_lines)
    is_down, limit = _are_all_down(group), _connection_limit(group, earlier_lines)
    has_no_network = is_down and _has_no_network(nginx, group)
    has_no_port = is_down and not has_no_network and _is_of_nginx_proxy(nginx, group)
    down_step = (
        "share-a-network" if has_no_network else "name-the-port" if has_no_port else "use-a-server"
    )
    by_hand = down_step if is_down else "raise-the-limit" if limit else ""
    counting = None if by_hand else counting_line(nginx, paths, earlier_lines)
    return Claim(
        about=Subject(port=port, text=f"upstream {group.args[0]}"),
        covers=tuple(Subject(port=port, path=path) for path in paths),
        because=(*log_lines, *earlier_lines[-3:], *responses, *failures),
        facts={
            "group": group.args[0],
            "place": file_line(group),
            "servers": _server_addresses(group),
            "paths": paths,
            "message": log_lines[-1].text if log_lines else "",
            "again": times if times > 1 else "",
            "reasons": tuple(reasons)[-2:],
            "seconds": max(
                (timeout for timeout in timeouts if timeout is not None),
                default=DEFAULT_FAIL_TIMEOUT,
            ),
            "status": next((response.status for response in responses), None) or "",
            "down": is_down and not has_no_network and not has_no_port,
            "no_port": has_no_port,
            "no_network": has_no_network,
            **_network_facts(nginx, group),
            "limit": "" if is_down else limit or "",
            "failed": not by_hand,
            "counting": counting.text if counting else "",
            "counting_place": file_line(counting) if counting else "",
        },
        ruled_out=("upstream.refused", "upstream.timeout"),
        # Without the log, the file on disk may be newer than what nginx has loaded.
        confidence=Confidence.CERTAIN if log_lines else Confidence.LIKELY,
        location=nginx.location(group),
        fix=(uncounted_fix(nginx, group) if counting else None) or _fix(nginx, group, by_hand),
    )


def _fix(nginx: Nginx, group: Directive, by_hand: str) -> Fix:
    """Load the configuration again, or take `down` from the only server. Which of several servers
    is well, a person decides."""
    if not by_hand:
        return Fix(reload_steps(nginx), Applicability.AUTOMATIC)
    servers = children(group, "server")
    if by_hand in {"name-the-port", "share-a-network"}:
        return _proxy_fix(nginx, group, by_hand)
    if by_hand != "use-a-server" or len(servers) != 1:
        return Fix((Manual(by_hand, Where.SERVER),), Applicability.MANUAL)
    words = " ".join(word for word in servers[0].args if word != "down")
    change = replace_directive(servers[0], f"server {words};")
    return edit_fix(nginx, {servers[0].file: [change]}, by_hand, sure=False)
