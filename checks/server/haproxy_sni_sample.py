"""A rule of HAProxy asks for the name in TLS by a sample that is empty here, so that it is never
true. `ssl_fc_sni` is the name in a handshake that the frontend completes itself; `req.ssl_sni` is
that in a ClientHello which it passes on (Configuration Manual, sections 7.3.4 and 7.3.5).
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Observation, Severity, Subject
from diagnose.model.http import error_pages
from diagnose.model.tls import served_certificates
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.conditions import Rule, rules_of
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.criteria import OWN_SNI, PASSED_SNI
from diagnose.parsers.hostnames import covers
from diagnose.parsers.web_sites import name_matches


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "certificate.*",
        "http.plain-to-tls-port",
        "http.server-error",
        "server.haproxy-no-backend",
        "server.haproxy-other-backend",
        "server.haproxy-rule-refuses",
        "server.own-answer",
        "tls.*",
    ],
)
def haproxy_sni_sample(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    rule = _rule(haproxy) if haproxy else None
    visits = _visits(evidence) if rule else ()
    if haproxy is None or rule is None or not visits:
        return
    if haproxy.has_default(rule.backend):  # The rule is left over.
        return
    ends_tls, line = haproxy.proxies.tls, _written(haproxy, rule)
    edit = _edit(haproxy, line, ends_tls) if _is_readable(haproxy) else None
    yield Claim(
        about=Subject(port=target.port),
        covers=(
            Subject(port=target.port),
            Subject(port=target.port, path=target.path),
            *(subject for served in served_certificates(evidence) for subject in served.subjects),
        ),
        because=(haproxy.view.server, *visits),
        facts={
            **haproxy.view.facts,
            "ends_tls": ends_tls,
            "place": place(line),
            "bind_place": place(haproxy.proxies.bind),
            "backend": rule.backend,
            "frontend": haproxy.proxies.frontend.name,
        },
        fix=Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(haproxy.view, "ask-for-the-name"),
    )


def _rule(haproxy: HaproxyView) -> Rule | None:
    """Return the rule that would choose the target's backend by its name, if its sample were not
    empty; None if there is none."""
    host, ends_tls = haproxy.view.evidence.target.host, haproxy.proxies.tls
    return next(
        (
            rule
            for rule in rules_of(haproxy.proxies.frontend)
            if rule.line.keyword == "use_backend" and not rule.negated
            for term in rule.alternatives
            for literal in term
            for criterion in literal.criteria
            if criterion.is_own not in {None, ends_tls} and not literal.negated
            if any(name_matches(value.lower(), host) for value in criterion.values)
        ),
        None,
    )


def _visits(evidence: Evidence) -> tuple[Observation, ...]:
    """Return what visitors get that is not their site: an error, or the certificate of another
    name."""
    target = evidence.target
    return (
        *error_pages(evidence),
        *(
            visit
            for served in served_certificates(evidence)
            if not covers(target.host, served.leaf.dns_names, served.leaf.addresses)
            for visit in served.handshakes
            if visit.port == target.port
        ),
    )


def _is_readable(haproxy: HaproxyView) -> bool:
    """Return whether the other sample has the name here. In mode tcp with TLS ended, the servers
    behind may have been meant to get TLS as it is: then a person decides."""
    proxies = haproxy.proxies
    return not proxies.tls or proxies.frontend.mode == "http"


def _written(haproxy: HaproxyView, rule: Rule) -> Line:
    """Return the line with the sample: the rule, or the ACL that it names."""
    names = {word.lstrip("!") for word in rule.line.words}
    acls = (
        line
        for line in haproxy.proxies.frontend.own("acl")
        if len(line.words) > 2 and line.words[1] in names and _samples(line.words[2:3])
    )
    return rule.line if _samples(rule.line.words) else next(acls, rule.line)


def _samples(words: Sequence[str]) -> bool:
    return any(word.partition(",")[0] in {OWN_SNI, *PASSED_SNI} for word in words)


def _edit(haproxy: HaproxyView, line: Line, ends_tls: bool) -> Edit | None:
    text = line_text(haproxy.view, line.file, line.number)
    old = "|".join(map(re.escape, sorted(PASSED_SNI))) if ends_tls else OWN_SNI
    new = OWN_SNI if ends_tls else "req.ssl_sni"
    changed = re.sub(rf"(?<![\w.])(?:{old})(?![\w.(])", new, text)
    return line_edit(haproxy.view, line.file, {line.number: (changed,)})
