"""nginx looks the application's name up for each request, because proxy_pass contains a variable,
and its `resolver` gives no address: it does not answer, or does not know the name. nginx asks these
servers only, not the system's, and reads no hosts file (ngx_http_core_module, `resolver`). A
container's name is known in the networks of that container alone (docs.docker.com, "Networking").

Visitors get 502, or wait for `resolver_timeout` (30 s). error.log: "app.internal could not be
resolved (3: Host not found)", "(110: Operation timed out)".
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._container_names import joining_fix, sharing_fix
from checks.upstream._containers import (
    Apart,
    apart_container,
    beside_without_names,
    nameless_container,
)
from checks.upstream._edits import edit_fix
from checks.upstream._responses import front_failures
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import NameAnswer, ServerNames
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.nginx.upstreams import Resolver

#: How the resolver fails: it answers nothing, it does not know the name, it answers with an error,
#: or it answers for A and not for AAAA.
Fault = Literal["silent", "unknown", "error", "half", ""]

#: nginx's codes in "could not be resolved (3: Host not found)" (ngx_resolver.h, RFC 1035).
_LOGGED: dict[str, Fault] = {"110": "silent", "3": "unknown", "2": "error", "5": "error"}

#: Docker's name server, in containers that have a network of their own (docs.docker.com, "DNS
#: services"): the default one, "bridge", has none.
_DOCKER = "127.0.0.11"

_LOG_PATTERN = r"{} could not be resolved \((\d+):"


@frozen
class Lookup:
    """The lookup of one name: nginx's resolver, what it and the system's resolvers answered, and
    what nginx logged."""

    name: str
    resolver: Resolver
    answers: tuple[NameAnswer, ...]
    controls: tuple[NameAnswer, ...]
    log_lines: tuple[LogLine, ...]

    @property
    def fault(self) -> Fault:
        """How it fails now. The log alone decides where the resolver could not be asked."""
        if not self.answers:
            match = re.search(_LOG_PATTERN.format(r"\S+"), self._last_text)
            return _LOGGED.get(match[1], "") if match else ""
        answers = [answer for answer in self.answers if answer.failure is None]
        if any(answer.addresses for answer in answers):
            silent = {answer.rdtype for answer in self.answers if answer.failure}
            return "half" if silent == {"AAAA"} and not self._answers("AAAA", answers) else ""
        if not answers:
            return "silent"
        response_codes = {answer.rcode for answer in answers}
        return "unknown" if response_codes <= {"NXDOMAIN", "NOERROR"} else "error"

    @property
    def working_resolvers(self) -> tuple[str, ...]:
        """The system's resolvers that know the name, as nginx writes addresses."""
        resolvers = (
            answer.resolver.rpartition(":")[0].strip("[]")
            for answer in self.controls
            if answer.addresses and not answer.failure
        )
        return tuple(bracketed(resolver) for resolver in dict.fromkeys(resolvers))

    @property
    def _last_text(self) -> str:
        return self.log_lines[-1].text if self.log_lines else ""

    def _answers(self, rdtype: str, answers: Sequence[NameAnswer]) -> bool:
        return any(answer.rdtype == rdtype for answer in answers)


@check(severity=Severity.ERROR, needs=[NginxConfig], explains=CONSEQUENCES)
def resolver_fails(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        lookup = _lookup(nginx, backend)
        if lookup and lookup.fault and front_failures(evidence, backend.paths):
            yield _claim(nginx, backend, lookup)


def _lookup(nginx: Nginx, backend: Backend) -> Lookup | None:
    main = nginx.config.main if nginx.config else ()
    match = backend.location_matches[0]
    name = upstreams.name_per_request(main, backend.proxy_target)
    resolver = upstreams.resolver_of(match)
    if not name or resolver is None:
        return None
    answers = [item for item in nginx.evidence.of(NameAnswer) if item.name == name]
    return Lookup(
        name,
        resolver,
        tuple(answer for answer in answers if answer.of_nginx),
        tuple(answer for answer in answers if not answer.of_nginx),
        backend_log_lines(nginx, backend, _LOG_PATTERN.format(re.escape(name))),
    )


def _claim(nginx: Nginx, backend: Backend, lookup: Lookup) -> Claim:
    fault, resolver = lookup.fault, lookup.resolver
    server_names = nginx.evidence.of(ServerNames)
    in_hosts = any(lookup.name in names.written for names in server_names)
    # nginx may know an earlier answer, and over TCP a resolver may be silent that answers over UDP.
    is_proven = bool(lookup.log_lines)
    failures = [
        answer.failure for answer in lookup.answers if answer.failure and not answer.over_tcp
    ]
    changes = _changes(nginx, lookup) or (_fixed_name(backend, lookup) if in_hosts else {})
    apart = apart_container(nginx.evidence, lookup.name) if fault in {"unknown", "error"} else None
    is_engine = _DOCKER in resolver.servers and fault in {"unknown", "error"}
    nameless = nameless_container(nginx.evidence, lookup.name) if is_engine and not apart else None
    sure = is_proven and fault in {"half", "silent"}
    is_nameless = _DOCKER in resolver.servers and fault == "silent" and not lookup.working_resolvers
    beside = beside_without_names(nginx.evidence, lookup.name) if is_nameless else None
    return upstream_claim(
        nginx,
        BackendFault(
            backend,
            {
                "name": lookup.name,
                "resolvers": resolver.servers,
                "silent": fault == "silent",
                "unknown": fault == "unknown",
                "error": fault == "error",
                "half": fault == "half",
                "rcode": next((answer.rcode for answer in lookup.answers if answer.rcode), ""),
                "answer": failures[0].message if failures else "",
                "hosts": in_hosts,
                "docker": _DOCKER in resolver.servers,
                "beside": beside.name if beside else "",
                "system": lookup.working_resolvers,
                **_apart_facts(apart),
                "neighbours": nameless.neighbours if nameless else (),
                "message": lookup.log_lines[-1].text if lookup.log_lines else "",
            },
            because=(
                *lookup.answers,
                *lookup.controls,
                *server_names,
                *(apart.because if apart else ()),
                *(nameless.because if nameless else ()),
                *lookup.log_lines,
            ),
            directive=resolver.directive,
            confidence=Confidence.CERTAIN if is_proven else Confidence.LIKELY,
        ),
        joining_fix(nginx.evidence, apart, "connect")
        if apart
        else Fix((Manual("write-a-name", Where.SERVER),), Applicability.MANUAL)
        if nameless
        else sharing_fix(nginx.evidence, beside, "another-resolver")
        if beside
        else edit_fix(nginx, changes, "a-fixed-name" if in_hosts else "another-resolver", sure),
    )


def _apart_facts(apart: Apart | None) -> dict[str, object]:
    """Return the networks of the two containers, "" where they are not what separates them."""
    return {
        "engine": apart.application.engine if apart else "",
        "application": apart.application.name if apart else "",
        "network": apart.network if apart else "",
        "container": apart.proxy.title if apart else "",
        "own": ", ".join(apart.proxy.networks) if apart else "",
    }


def _changes(nginx: Nginx, lookup: Lookup) -> Changes:
    """Ask the system's resolvers, which know the name, or only for A where AAAA gets no answer."""
    directive, working = lookup.resolver.directive, lookup.working_resolvers
    file = nginx.file(directive)
    if file is None:
        return {}
    text = file.text[directive.start : directive.stop]
    if lookup.fault == "half":
        new_text = f"{text[:-1]} ipv6=off;" if text.endswith(";") else ""
    elif working and lookup.resolver.servers:
        words = [item for item in directive.args if "=" in item]
        new_text = " ".join(["resolver", *working[:3], *words]) + ";"
    else:
        new_text = ""
    return {directive.file: [replace_directive(directive, new_text)]} if new_text else {}


#: A target with a variable for its host, and nothing behind the port but the visitor's own URI.
_VARIABLE_HOST = re.compile(
    r"(?P<scheme>https?)://\$\{?(?P<variable>\w{1,60})\}?(?P<port>:\d{1,5})?(?:\$request_uri)?"
)


def _fixed_name(backend: Backend, lookup: Lookup) -> Changes:
    """Write the name that the variable has: nginx looks it up at its start, in /etc/hosts too.
    Without a URI it passes the visitor's own on, as $request_uri is, where no `rewrite` is."""
    location = backend.location_matches[0]
    directive = proxy_pass_of(location)
    match = _VARIABLE_HOST.fullmatch(directive.args[0]) if directive and directive.args else None
    if directive is None or match is None or location.directive("rewrite"):
        return {}
    values = {
        line.args[1]
        for block in location.blocks
        for line in children(block, "set")
        if line.args[:1] == (f"${match['variable']}",) and len(line.args) == 2
    }
    value = next(iter(values)) if len(values) == 1 else ""
    # A path behind it would be the path of every request no more.
    if not re.fullmatch(rf"{re.escape(lookup.name)}(?::\d{{1,5}})?", value):
        return {}
    line = f"proxy_pass {match['scheme']}://{value}{match['port'] or ''};"
    return {directive.file: [replace_directive(directive, line)]}
