"""A name in the configuration has no address. nginx resolves the names that it proxies to once, at
its start. One unknown name stops nginx with all its sites."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._errors import ConfigFault, config_error_claim, directive_at, find_config_error
from checks.nginx._slips import is_one_edit_apart
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.containers import Containers
from diagnose.model.nginx import Directive, NginxConfig, NginxTest
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.hostnames import is_host
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES

if TYPE_CHECKING:
    from checks.nginx._named_containers import NamedContainer

#: Facts about the container that the name means.
CONTAINER_FACTS = ("called", "image", "engine", "inner", "stopped", "published_at")
#: An address without a path.
_WITHOUT_PATH = re.compile(r"https?://[\w.:-]{1,253}")
#: Most other sites that are named.
_MAX_NAMES = 6
#: Listen addresses that 127.0.0.1 reaches.
_LOCAL_ADDRESSES = {"127.0.0.1", "0.0.0.0", "::", "*"}


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def upstream_unresolvable(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, r'host not found in upstream "([^"]+)"')
    if config_error is None:
        return
    message, match = config_error
    name = match[1].rpartition(":")[0] or match[1]
    directive = _proxy_directive(nginx, message.file, message.line, match[1])
    # nginx's message has no port; the directive may have one.
    endpoint = _endpoint(directive, name)
    group = _mistyped_group(nginx, endpoint)
    named = _named_container(nginx, name, endpoint) if not group else None
    listener = None if group or named else _local_listener(nginx, endpoint)
    facts = {
        "group": group,
        "name": name,
        "directive": directive.text if directive else "",
        "container": "." not in name,
        "application": f"{listener.process} ({listener.pid})" if listener else "",
        "at": f"127.0.0.1:{listener.port}" if listener else "",
        **(named.facts if named else dict.fromkeys(CONTAINER_FACTS, "")),
    }
    meant = group or (f"127.0.0.1:{listener.port}" if listener else "")
    changes: tuple[Edit | Command, ...] = _edits(nginx, endpoint, meant) if meant else ()
    if named is not None:
        changes = named.steps(evidence, lambda address: _edits(nginx, endpoint, address))
    fix = Fix((*changes, *reload_steps(nginx)), Applicability.REVIEW)
    others = () if nginx.master else _other_names(nginx, directive)
    facts["others"] = others[:_MAX_NAMES]
    if not changes:
        steps = [Manual("a-name-or-address", Where.SERVER)]
        if others and (later := _later_edits(nginx, name)):
            steps.append(Manual("without-it", Where.SERVER, commands=later))
        fix = Fix((*steps, *reload_steps(nginx)), Applicability.MANUAL)
    yield config_error_claim(
        nginx,
        ConfigFault(
            message,
            name,
            facts,
            directive=directive,
            observations=evidence.good(Listeners if listener else Containers)
            if listener or named
            else (),
        ),
        fix,
    )


def _named_container(nginx: Nginx, name: str, endpoint: str) -> "NamedContainer | None":
    # Imported late: few configurations have such a name.
    from checks.nginx._named_containers import named_container

    return named_container(nginx.evidence, name, _port(endpoint))


def _port(endpoint: str) -> int:
    return int(match[1]) if (match := re.search(r":(\d{1,5})$", endpoint)) else 80


def _other_names(nginx: Nginx, directive: Directive | None) -> tuple[str, ...]:
    """Return the names of the sites that do not need the one without an address, and that nginx
    does not serve now either."""
    if directive is None:
        return ()
    names = (
        name
        for server in nginx.servers
        if directive not in set(walk(server.block.block or ()))
        for name in server.names
        if is_host(name)
    )
    own = {
        name
        for server in nginx.servers
        if directive in set(walk(server.block.block or ()))
        for name in server.names
    }
    return tuple(name for name in dict.fromkeys(names) if name not in own)


def _later_edits(nginx: Nginx, name: str) -> tuple[Edit, ...]:
    """Let nginx look the name up at a request and not at its start, wherever it stands: a variable
    in `proxy_pass`. One with a path of its own would pass other paths on then."""
    place = re.compile(rf"(?:^|/){re.escape(name)}(?=[:/]|$)")
    changes: dict[str, list[TextEdit]] = {}
    lines = {
        (line.file, line.start): line
        for line in walk(nginx.config.main if nginx.config else ())
        if line.name in {*PASS_DIRECTIVES, "server"} and line.args and line.block is None
        if place.search(line.args[0])
    }
    for line in lines.values():
        file, address = nginx.file(line), line.args[0]
        if file is None or line.name != "proxy_pass" or not _WITHOUT_PATH.fullmatch(address):
            return ()
        indent = edits.indentation(file.text, line)
        text = f"set $looked_up_later {address};\n{indent}proxy_pass $looked_up_later;"
        changes.setdefault(file.path, []).append(edits.replace_directive(line, text))
    return config_edits(nginx, changes)


def _endpoint(directive: Directive | None, name: str) -> str:
    """Return the name with its port, as the directive has them."""
    words = directive.args[:1] if directive else ()
    match = re.search(rf"(?:^|/){re.escape(name)}(:\d{{1,5}})?(?=/|$)", words[0]) if words else None
    return name + (match[1] or "" if match else "")


def _local_listener(nginx: Nginx, endpoint: str) -> Listener | None:
    """Return the only program on this server that listens on that port where 127.0.0.1 reaches it.

    The port alone does not prove that it is the intended program.
    """
    port = _port(endpoint)
    all_listeners = [
        listener for listeners in nginx.evidence.good(Listeners) for listener in listeners.on(port)
    ]
    candidates = [
        listener
        for listener in all_listeners
        if listener.address in _LOCAL_ADDRESSES and listener.process
    ]
    programs = {listener.process for listener in all_listeners}
    return candidates[0] if candidates and len(programs) == 1 and "nginx" not in programs else None


def _mistyped_group(nginx: Nginx, endpoint: str) -> str:
    """Return the only `upstream` whose name is one slip away, "" if there is none, or if something
    else uses it: then this name may be that of a group that is missing."""
    directives = tuple(walk(nginx.config.main if nginx.config else ()))
    groups = {
        directive.args[0]
        for directive in directives
        if directive.name == "upstream" and len(directive.args) == 1
    }
    near = [group for group in groups if is_one_edit_apart(endpoint, group)]
    used = {
        word
        for directive in directives
        if directive.name in PASS_DIRECTIVES
        for word in directive.args[:1]
    }
    is_used = any(
        word.partition("://")[2].partition("/")[0] == group for word in used for group in near
    )
    return near[0] if len(near) == 1 and not is_used else ""


def _edits(nginx: Nginx, endpoint: str, meant: str) -> tuple[Edit, ...]:
    """Replace the name, with that port, wherever it stands."""
    changes: dict[str, list[TextEdit]] = {}
    directives = {
        (directive.file, directive.start): directive
        for directive in walk(nginx.config.main if nginx.config else ())
    }
    for directive in directives.values():
        file = nginx.file(directive)
        if (
            file is None
            or directive.name not in {"proxy_pass", "server"}
            or directive.block is not None
        ):
            continue
        text = file.text[directive.start : directive.stop]
        pattern = rf"(?<=[\s/]){re.escape(endpoint)}(?=[\s/;]|$)"
        if match := re.search(pattern, text):
            change = TextEdit(directive.start + match.start(), directive.start + match.end(), meant)
            changes.setdefault(directive.file, []).append(change)
    return config_edits(nginx, changes)


def _proxy_directive(
    nginx: Nginx, file: str | None, line: int | None, endpoint: str
) -> Directive | None:
    for name in ("proxy_pass", "server"):
        directive = directive_at(nginx, file, line, name)
        if directive and directive.args and endpoint in directive.args[0]:
            return directive
    directives = walk(nginx.config.main if nginx.config else ())
    candidates = (
        candidate
        for candidate in directives
        if candidate.name in {"proxy_pass", "server"} and candidate.args
    )
    return next((candidate for candidate in candidates if endpoint in candidate.args[0]), None)
