"""Port 80 refuses ACME challenges. In HTTP-01 (RFC 8555 section 8.3) the certificate authority
fetches a file over port 80.

A 404 for an unknown file is healthy. So is a gateway's error where nginx passes challenges alone on
to a port of this machine on which nobody listens: the renewal tool listens there while it renews.
Where nobody has read how challenges are passed on, such an error is a note. Any other refusal means
that a real challenge would fail too. Redirects are followed, but only to host names and to ports 80
and 443 (Let's Encrypt's rules).

Where the renewal tool's own settings have a folder for challenges, the certificate is renewed in
this way, so that a certificate which is late is a consequence.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from checks.http import (
    _redirect_edits,
    _redirects,
    addresses,
    endpoint_subjects,
    exchanges_by_purpose,
)
from checks.nginx import Nginx
from checks.nginx._edits import Changes
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    merge_subjects,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.http import Exchange
from diagnose.model.renewal import CHALLENGES, ChallengeFolder, RenewalFailure
from diagnose.model.server import Listeners
from diagnose.model.tls import served_certificates
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.http import GATEWAY_FAILURES, proxy_page, wants_tls
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import (
    PASS_DIRECTIVES,
    location_pattern,
    select_location,
)
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import proxy_target_of, request_variables
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from checks.http._challenge_rules import ChallengeRule

#: Certificates renewed by ACME are mostly valid for at most 90 days; nobody does that by hand.
_RENEWED_BY_ITSELF = timedelta(days=101)


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    explains=[
        "certificate.expired",
        "certificate.expires-soon",
    ],
)
def acme_challenge_blocked(evidence: Evidence) -> Iterator[Claim]:
    challenges = exchanges_by_purpose(evidence, "acme")
    blocked = [
        exchange
        for exchange in challenges
        if (_is_blocked(exchange) or _rule(evidence, exchange) is not None)
        and not _is_refused_everywhere(evidence, exchange)
        and not _waits_for_tool(evidence, exchange)
    ]
    if not blocked:
        return
    leaves = [certificate.leaf for certificate in served_certificates(evidence)]
    by_hand = bool(leaves) and all(
        leaf.lifetime is not None and leaf.lifetime > _RENEWED_BY_ITSELF for leaf in leaves
    )
    subjects = endpoint_subjects(blocked)
    rule = _rule(evidence, blocked[0])
    folders = [
        folder for folder in evidence.good(ChallengeFolder) if folder.name == evidence.target.host
    ]
    over_dns = _is_over_dns(evidence)
    is_note = by_hand or over_dns or _may_wait_for_tool(evidence, blocked)
    is_served = any(0 < (page.status or 0) < 400 for page in _pages(evidence))
    is_certain = bool(folders) and (is_served or blocked[0].status == 401)
    failure = _failure(evidence, rule.kept) if rule and rule.kept else None
    # A file that is there was not asked for by this run, but by the authority.
    is_certain &= not (rule and rule.kept) or failure is not None
    yield Claim(
        about=merge_subjects(subjects),
        # Without a word of the tool, the block of https may serve a certificate renewed otherwise.
        # A rule that no file passes is the likely reason why it is late.
        covers=(Subject(),) if folders or (rule and not over_dns) else _on_port_80(blocked),
        because=(*blocked, *folders[:1], *([failure] if failure else [])),
        confidence=Confidence.CERTAIN if is_certain else Confidence.LIKELY,
        severity=Severity.NOTE if is_note and not (folders or _is_told(evidence)) else None,
        facts={
            "name": evidence.target.host,
            "url": blocked[0].url,
            "addresses": addresses(blocked),
            "status": blocked[0].status,
            "onward": redirect_target(blocked[0]) or "",
            "secure": blocked[0].url.startswith("https:"),
            "rule": rule.text if rule else "",
            "rule_place": rule.place if rule else "",
            "exempt": rule.exempt if rule else "",
            "kept": rule.kept if rule else 0,
            "replaced": blocked[0].status == 200,
            "tool": folders[0].tool if folders else "",
            "source": folders[0].source if folders else "",
        },
        fix=(rule.fix(evidence) if rule else None) or _fix(Nginx.of(evidence), blocked),
    )


def _rule(evidence: Evidence, challenge: Exchange) -> "ChallengeRule | None":
    """Return the rule of the server that answers a challenge; None if no configuration was read."""
    kinds = {type(observation).__name__ for observation in evidence.observations}
    if not kinds & {"NginxConfig", "WebServerConfig"}:
        return None
    # Imported late: most answers are right.
    from checks.http._challenge_rules import challenge_rule

    return challenge_rule(evidence, challenge)


def _failure(evidence: Evidence, status: int) -> RenewalFailure | None:
    """Return the last renewal of the name, if its log says that the authority got this status."""
    return next(
        (
            failure
            for failure in evidence.good(RenewalFailure)
            if evidence.target.host in failure.names and failure.status == status
        ),
        None,
    )


def _is_over_dns(evidence: Evidence) -> bool:
    """Return whether the certificate is renewed by records of DNS: port 80 does not matter then."""
    if not any(
        type(observation).__name__ == "RenewalAuthority" for observation in evidence.observations
    ):
        return False
    # Imported late: few certificates are due.
    from checks.certificate._renewal_settings import renewal_settings

    settings = renewal_settings(evidence, evidence.target.host)
    return settings is not None and settings.over_dns


def _on_port_80(blocked: list[Exchange]) -> tuple[Subject, ...]:
    return tuple(Subject(address=address, port=80) for address in addresses(blocked))


def _fix(nginx: Nginx, blocked: list[Exchange]) -> Fix:
    """Open the challenge folder to everybody, and nothing else, if nginx itself refuses."""
    changes: Changes = {}
    servers = {
        id(server.block): server
        for exchange in blocked
        for _, server, _ in _redirects.selected_servers(nginx, exchange)
    }
    is_nginx_refusal = all(
        exchange.status in {401, 403} and proxy_page(exchange.body) for exchange in blocked
    )
    if is_nginx_refusal and len(servers) == 1:
        _allow_challenge(nginx, next(iter(servers.values())), blocked[0], changes)
    return _redirect_edits.fix(nginx, changes, "location")


def _allow_challenge(nginx: Nginx, server: Server, answer: Exchange, changes: Changes) -> None:
    url = parse_url(answer.url)
    path = url.path if url else CHALLENGES
    match = select_location(server, path)
    own_locations = [
        location
        for location in children(server.block, "location")
        if (pattern := location_pattern(location))
        and pattern.modifier == ""
        and len(pattern.text) > 1
        and path.startswith(pattern.text)
        and pattern.text.startswith("/.well-known")
    ]
    file = nginx.file(server.block)
    selected_pattern = location_pattern(match.block) if match.block.name == "location" else None
    if file is None or any(children(match.block, name) for name in PASS_DIRECTIVES):
        return
    by_rule = selected_pattern is not None and selected_pattern.modifier in {"~", "~*"}
    if own_locations and own_locations[-1].file == file.path and by_rule:
        # A regular expression takes precedence over a prefix unless the prefix forbids it
        # (ngx_http_core_module).
        at = own_locations[-1].start + len("location")
        changes.setdefault(file.path, []).append(TextEdit(at, at, " ^~"))
    elif not own_locations and server.directive("root"):
        lines = [f"location ^~ {CHALLENGES} {{", "    allow all;", "}"]
        lines.insert(2, "    auth_basic off;")
        anchor = children(server.block, "location")[:1]
        if anchor and anchor[0].file == file.path:
            change = edits.insert_before(file.text, anchor[0], [*lines, ""])
        else:
            change = edits.insert_first(file.text, server.block, lines)
        changes.setdefault(file.path, []).append(change)


def _is_blocked(exchange: Exchange) -> bool:
    status = exchange.status or 0
    if wants_tls(exchange):
        return False
    if status in {401, 403} or status >= 500:
        return True
    onward = parse_url(redirect_target(exchange) or "")
    return onward is not None and (is_address(onward.host) or onward.port not in {80, 443})


def _may_wait_for_tool(evidence: Evidence, blocked: list[Exchange]) -> bool:
    is_gateway_error = all(exchange.status in GATEWAY_FAILURES for exchange in blocked)
    return is_gateway_error and Nginx.of(evidence).config is None


def _waits_for_tool(evidence: Evidence, exchange: Exchange) -> bool:
    """Return whether nginx has a location for challenges alone that leads to a port of this
    machine on which nobody listens now (`certbot --http-01-port`, `acme.sh --httpport`)."""
    listeners = evidence.good(Listeners)
    url = parse_url(exchange.url)
    if (exchange.status or 0) < 500 or not listeners or url is None:
        return False
    nginx = Nginx.of(evidence)
    for _, server, _ in _redirects.selected_servers(nginx, exchange):
        match = select_location(server, url.path)
        pattern = location_pattern(match.block) if match.block.name == "location" else None
        target = proxy_target_of(match, request_variables(evidence.target))
        if pattern is None or target is None or "/.well-known/acme" not in pattern.text:
            return False
        if not target.endpoints or any(
            not is_local_host(endpoint.host)
            or any(snapshot.on(endpoint.port) for snapshot in listeners)
            for endpoint in target.endpoints
        ):
            return False
    return bool(_redirects.selected_servers(nginx, exchange))


def _is_refused_everywhere(evidence: Evidence, exchange: Exchange) -> bool:
    """Return whether the site refuses this client everywhere. Then the client is blocked, not the
    challenge; but a password that every path has refuses an authority too, where a tool is known to
    renew in this way, or the message is that of an authority."""
    is_renewed = any(
        folder.name == evidence.target.host for folder in evidence.good(ChallengeFolder)
    )
    if exchange.status == 401 and (is_renewed or _is_told(evidence)):
        return False
    return exchange.status in {401, 403} and any(
        page.status == exchange.status for page in _pages(evidence)
    )


def _is_told(evidence: Evidence) -> bool:
    """Return whether a message says what an authority got for a challenge."""
    symptom = evidence.target.symptom
    return symptom is not None and symptom.kind == "acme-response"


def _pages(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the answers about anything but challenges: the target's page, unless its address is a
    challenge's, and a path that does not exist."""
    pages = (*exchanges_by_purpose(evidence, "target"), *exchanges_by_purpose(evidence, "path"))
    return tuple(page for page in pages if CHALLENGES not in page.url)
