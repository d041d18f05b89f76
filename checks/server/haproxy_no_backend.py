"""HAProxy answers 503 because no rule of the frontend chooses a backend for the request: no
`use_backend` is for this name or path, its map lacks the name or names a backend that is not there,
and there is no `default_backend` (log: "<NOSRV>")."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.server import (
    line_edit,
    line_text,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
)
from checks.server._haproxy import HaproxyView, haproxy_view, insert_after, with_word
from checks.server._haproxy_host_port import port_taken_off
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.conditions import host_patterns, rules_of
from diagnose.parsers.haproxy.config import Proxy
from diagnose.parsers.haproxy.dynamic_backends import dynamic_backend
from diagnose.parsers.haproxy.ended_searches import ended_search
from diagnose.parsers.haproxy.view import missing_backend, parsed, target_proxies
from diagnose.parsers.sanitize import clean


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["server.application-answers", "http.server-error", "websocket.*"],
)
def haproxy_no_backend(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    if haproxy is None or haproxy.proxies.selection is not None:
        return
    proxies = haproxy.proxies
    pages = pages_with_status(evidence, 503)
    if not proxies.is_decided or proxies.frontend.mode != "http" or not pages:
        return
    if ended_search(proxies, evidence.target) is not None:
        return  # a rule is for it, and is not reached
    section, names = proxies.frontend.section, host_patterns(rules_of(proxies.frontend))
    with_port = port not in {80, 443}
    port_decides = with_port and evidence.target.host.lower() in map(str.lower, names)
    backends = [proxy.name for proxy in proxies.config.proxies if proxy.section.kind == "backend"]
    edit = (
        port_taken_off(haproxy)
        if port_decides
        else _edit(haproxy, names) or _added_edit(haproxy, names, backends)
    )
    yield Claim(
        about=Subject(port=port, text=proxies.frontend.name),
        covers=(Subject(port=port),),
        because=(*pages, *((haproxy.view.config,) if haproxy.view.config else ())),
        facts={
            **haproxy.view.facts,
            "frontend": proxies.frontend.name,
            "place": place_text(section.file, section.line),
            "names": names[:6],
            "path": evidence.target.path,
            "with_port": with_port,
            # A rule has the name, and visitors send it with the port.
            "port_decides": port_decides,
            "added": edit is not None and not port_decides,
            "backend": backends[0] if len(backends) == 1 else "",
            "port": port,
            "map": _map(proxies.frontend),
            "missing": clean(missing_backend(proxies, evidence.target), 300),
        },
        fix=Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(haproxy.view, "choose"),
    )


def _edit(haproxy: HaproxyView, names: Sequence[str]) -> Edit | None:
    """Return the edit that adds the name beside the same one with or without "www.", in the one
    line of the frontend that has it; None if there is not one, or if no rule takes the request
    then either. A condition that other rules have as well, which refuse or redirect, may be meant
    for the one name alone."""
    host, frontend = haproxy.view.evidence.target.host.lower(), haproxy.proxies.frontend
    other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    lines = [
        (line.file, line.number)
        for line in (*frontend.own("acl"), *frontend.own("use_backend"))
        if other in map(str.lower, line.words) and _NAMES.search(" ".join(line.words))
    ]
    if len(lines) != 1 or other not in map(str.lower, names):
        return None
    file, number = lines[0]
    acls = {
        line.words[1] for line in frontend.own("acl") if (line.file, line.number) == (file, number)
    }
    others = (line for line in frontend.section.lines if line.words[:1] not in _OF_CHOICE)
    if any(acls & {word.lstrip("!") for word in line.words} for line in others):
        return None
    text = line_text(haproxy.view, file, number)
    changed = with_word(text, other, f"{other} {host}")
    if not changed or not _is_taken(haproxy, file, number, changed):
        return None
    return line_edit(haproxy.view, file, {number: (changed,)})


def _added_edit(haproxy: HaproxyView, names: Sequence[str], backends: Sequence[str]) -> Edit | None:
    """Return the edit that adds a rule for the name behind those for other names, where there is
    one backend; None if a rule of the frontend compares more than names."""
    frontend, host = haproxy.proxies.frontend, haproxy.view.evidence.target.host
    rules = frontend.own("use_backend")
    texts = [" ".join(line.words) for line in (*rules, *frontend.own("acl"))]
    is_by_name = bool(names) and not any(_OTHERWISE.search(text) for text in texts)
    acls = {line.words[1] for line in frontend.own("acl") if len(line.words) > 1}
    others = [line.words for line in frontend.section.lines if line.words[:1] not in _OF_CHOICE]
    # A rule for the other names that refuses or redirects would not be for this one.
    is_free = not any(
        acls & {word.lstrip("!") for word in words} or "hdr(host)" in " ".join(words)
        for words in others
    )
    if len(backends) != 1 or not rules or not is_by_name or not is_free:
        return None
    # A condition that is turned round leaves names out on purpose.
    is_turned = any("!" in text or " unless " in text for text in texts)
    if is_turned or any(line.words[1:2] != (backends[0],) for line in rules):
        return None
    return insert_after(
        haproxy.view, rules[-1], f"use_backend {backends[0]} if {{ hdr(host) -i {host} }}"
    )


#: Criteria beside the name.
_OTHERWISE = re.compile(
    r"(?:^|[\s{!(])(?:path|url|src|method|query|cook|dst|ssl_fc|ssl_c|req\.(?!hdr\(host)|hdr\w*\((?!host)"
    r"|base|capture|map)"
)


def _is_taken(haproxy: HaproxyView, path: str, number: int, changed: str) -> bool:
    """Return whether a rule takes the request, with a line changed."""
    config = haproxy.view.config
    if config is None:
        return False
    files = []
    for file in config.files:
        rows = file.text.split("\n")
        if file.path == path:
            rows[number - 1] = changed
        files.append(replace(file, text="\n".join(rows)))
    own = parsed(replace(config, files=tuple(files)))
    proxies = target_proxies(own, haproxy.view.evidence.target)
    return proxies is not None and proxies.selection is not None


#: Lines that name a condition to choose a backend.
_OF_CHOICE = (("acl",), ("use_backend",))
#: A comparison of the whole name.
_NAMES = re.compile(r"\b(?:req\.)?hdr\(host\)(?:,\S{0,60})?\s+(?:-i\s+|-m\s+str\s+){0,2}(?!-)")


def _map(frontend: Proxy) -> str:
    """Return the first map by which a frontend chooses a backend."""
    dynamic_backends = map(dynamic_backend, frontend.own("use_backend"))
    return next(
        (clean(backend.file, 300) for backend in dynamic_backends if backend and backend.file), ""
    )
