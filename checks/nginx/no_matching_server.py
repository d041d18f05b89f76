"""No block on the port has the name, so the default block responds.

That alone is no fault: a single block responds to every name. It is a fault if visitors get another
site's response: a certificate for other names, a refused handshake, a closed connection. If the
default block is the site's own under another name, its certificate is the fault and not its name.

A comma, a scheme, a port or a path in `server_name` becomes a part of the name. Such a name is
never meant, and tells the fault also where both blocks have the same certificate.

Where the certificate is right and a block of other names shows its pages, that may be meant: it is
a note, and a warning if another block's name is almost the host's, if the host's own block has
its pages on another port, if a block of the port has no name, so that nobody reaches its pages, or
if the visitor's words say that another site comes.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import exchanges_by_purpose
from checks.nginx import Nginx, SelectedServer, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._default_blocks import (
    has_pages,
    pages_without_a_site,
    redirects_to,
    refuses_every_path,
    server_on_other_port,
    shows_other_site,
)
from checks.nginx._mistyped_names import Mistyped, find_mistyped, means_host, mistyped_fix
from checks.upstream._address_lines import writer_of
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.model.websocket_attempts import websocket_attempts
from diagnose.parsers.hostnames import covers, is_address, is_host
from diagnose.parsers.http import is_error
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.redirects import leads_to_itself
from diagnose.parsers.stray_pages import is_default_page

if TYPE_CHECKING:
    from checks.nginx._sibling_names import SiblingName


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "certificate.*",
        "tls.name-rejected",
        "tls.closed",
        "http.server-error",
        "http.not-the-site",
        "http.no-redirect",
        "http.redirect-wrong-host",
        "http.redirect-loop",
        "http.redirect-downgrade",
        "http.hsts-traps-visitors",
        "http.page-refused",
        # What the block that responds instead does with the site's paths.
        "nginx.rule-refuses",
        "nginx.own-answer",
        "websocket.*",
        "upstream.*",
    ],
)
def no_matching_server(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    selected_servers = [
        selected_server
        for selected_server in nginx.selected_servers()
        if selected_server.name_match == "default"
    ]
    if not selected_servers or is_address(target.host):
        return
    symptoms = wrong_server_symptoms(evidence, selected_servers)
    mistyped = find_mistyped(nginx, selected_servers, target.host)
    # Both blocks may have the same certificate.
    miswritten = mistyped is not None and means_host(mistyped.name, target.host)
    fallbacks = _fallback_pages(nginx, selected_servers)
    strays = fallbacks or pages_without_a_site(evidence, selected_servers)
    refusals = _refusals(evidence) if miswritten else strays
    is_fault = symptoms or miswritten or strays
    own_server = server_on_other_port(nginx, target.host)
    is_plain_alone = own_server is not None and has_pages(own_server)
    if not is_fault and not shows_other_site(evidence, selected_servers, is_plain_alone):
        return
    own_place = file_line(own_server.block) if own_server else ""
    if nginx.server_on_other_address:
        return  # nginx.name-on-other-address
    default = selected_servers[0].server
    if not fallbacks and _is_own(selected_servers[0], mistyped, own_place):
        return
    # Imported late: few names have no block.
    from checks.nginx._name_choices import owner_facts, site_block
    from checks.nginx._nameless_blocks import nameless_block
    from checks.nginx._sibling_names import sibling_facts, sibling_name

    owner = None if own_server or mistyped else site_block(selected_servers)
    sibling = None if mistyped else sibling_name(nginx)
    if sibling and own_server and (is_plain_alone or not sibling.is_covered):
        sibling = None  # The block on the other port may be a site of its own.
    nameless = None if mistyped else nameless_block(selected_servers)
    is_unmeant = bool(is_fault or mistyped or is_plain_alone or nameless or _is_told(evidence))
    yield Claim(
        about=Subject(port=target.port, text=f"server_name {target.host}"),
        covers=_endpoints(nginx),
        because=(*symptoms, *refusals, *nginx.configs),
        severity=_severity(bool(symptoms or refusals), is_unmeant),
        facts={
            "name": target.host,
            "port": target.port,
            "default": file_line(default.block),
            "default_names": tuple(filter(None, default.names)),
            **_mistyped_facts(mistyped),
            **_shown_facts(symptoms, strays),
            "miswritten": miswritten,
            "nameless": file_line(nameless.block) if nameless else "",
            "elsewhere": own_place,
            "tls": target.uses_tls,
            "order": f"certbot --nginx -d {target.host}" if _can_order(nginx, own_server) else "",
            **sibling_facts(sibling),
            **owner_facts(owner),
        },
        confidence=Confidence.CERTAIN
        if len(selected_servers) == len(nginx.selected_servers()) and (symptoms or refusals)
        else Confidence.LIKELY,
        location=nginx.location(mistyped.directive if mistyped else default.block),
        fix=_environment_fix(nginx, default, mistyped.name if mistyped else "")
        or _name_fix(nginx, selected_servers, mistyped, sibling, own_server),
    )


def _name_fix(
    nginx: Nginx,
    selected_servers: list[SelectedServer],
    mistyped: Mistyped | None,
    sibling: "SiblingName | None",
    own_server: Server | None,
) -> Fix:
    fix = (
        mistyped_fix(nginx, mistyped, nginx.evidence.target.host)
        if mistyped
        else _block_fix(nginx, selected_servers, sibling, own_server)
    )
    selected = tuple(selected_servers)
    return fix or _fix(nginx, own_server, selected, is_mistyped=mistyped is not None)


def _endpoints(nginx: Nginx) -> tuple[Subject, ...]:
    """Return the target's port, and port 80 if no block has the name there either: then a block of
    other names answers, with a redirect of its own or none."""
    plain = nginx.selected_servers(80)
    is_nameless = bool(plain) and all(each.name_match == "default" for each in plain)
    ports = (nginx.evidence.target.port, *((80,) if is_nameless else ()))
    return tuple(Subject(port=port) for port in ports)


def _is_told(evidence: Evidence) -> bool:
    symptom = evidence.target.symptom
    return symptom is not None and symptom.kind == "wrong-site"


def _mistyped_facts(mistyped: Mistyped | None) -> dict[str, object]:
    return {
        "mistyped": mistyped.name if mistyped else "",
        "place": file_line(mistyped.directive) if mistyped else "",
    }


def _block_fix(
    nginx: Nginx,
    selected_servers: list[SelectedServer],
    sibling: "SiblingName | None",
    own_server: Server | None,
) -> Fix | None:
    """Give the host to the block that is meant for it, where one can be seen: one without a name,
    that of its other name (www), of a redirect, or of its other port."""
    from checks.nginx._nameless_blocks import nameless_fix
    from checks.nginx._redirect_blocks import redirect_fix
    from checks.nginx._sibling_names import sibling_fix
    from checks.nginx._twin_edits import twin_fix

    return (
        nameless_fix(nginx, selected_servers)
        or (sibling_fix(nginx, sibling, nginx.evidence.target.host) if sibling else None)
        or redirect_fix(nginx)
        or (twin_fix(nginx, own_server, selected_servers) if own_server else None)
    )


def _shown_facts(
    symptoms: tuple[Observation, ...], strays: tuple[Exchange, ...]
) -> dict[str, object]:
    """Return what the block that answers shows: another certificate, an error, a default page."""
    return {
        "certificate": any(
            not (isinstance(symptom, Exchange) and symptom.status) for symptom in symptoms
        ),
        "status": next((page.status for page in strays), None),
        "default_page": any(is_default_page(page.status, page.body) for page in strays),
    }


def _can_order(nginx: Nginx, own: Server | None) -> bool:
    """Return whether certbot's plugin would write the block for https itself: beside one for port
    80 that answers the name (certbot-nginx, which looks for its server_name)."""
    listens = own.listens if own else ()
    is_plain = any(listen.port == 80 and not listen.ssl for listen in listens)
    target = nginx.evidence.target
    return target.port == 443 and target.uses_tls and is_plain and is_host(target.host)


def _severity(is_seen: bool, is_unmeant: bool) -> Severity | None:
    """Return the severity: of an error if visitors were seen to get no page of the site, of a note
    if the block may be meant."""
    if is_seen:
        return None
    return Severity.WARNING if is_unmeant else Severity.NOTE


def _refusals(evidence: Evidence) -> tuple[Observation, ...]:
    """Return the responses which show that the block does not know what visitors ask for."""
    pages = exchanges_by_purpose(evidence, "target")
    return (
        *(page for page in pages if page.port == evidence.target.port and is_error(page)),
        *(attempt.first for attempt in websocket_attempts(evidence) if not attempt.first.accepted),
    )


def closed_port_symptoms(nginx: Nginx) -> tuple[Observation, ...]:
    """Return the evidence that nothing listens on the target's port; empty if it was not
    observed."""
    port = nginx.evidence.target.port
    observations = [
        listeners for listeners in nginx.evidence.good(Listeners) if not listeners.on(port)
    ]
    refusals = [
        connection
        for connection in nginx.evidence.of(Connection)
        if connection.port == port and connection.failure and connection.failure.kind == "refused"
    ]
    return (*observations, *refusals) if observations else ()


def wrong_server_symptoms(
    evidence: Evidence, selected_servers: list[SelectedServer]
) -> tuple[Observation, ...]:
    """Return the evidence that the default block is not intended for the name."""
    host, port = evidence.target.host, evidence.target.port
    symptoms: list[Observation] = []
    for handshake in evidence.of(Handshake):
        if handshake.port != port or handshake.variant not in {"normal", "unverified", "again"}:
            continue
        foreign = handshake.chain and not covers(
            host,
            handshake.chain[0].dns_names or (handshake.chain[0].common_name,),
            handshake.chain[0].addresses,
        )
        if foreign or (handshake.alert and handshake.alert.code == 112):
            symptoms.append(handshake)
    if any(redirects_to(selected_server.server, host) for selected_server in selected_servers):
        symptoms += [
            exchange
            for exchange in evidence.good(Exchange)
            if exchange.is_page_of(evidence.target) and leads_to_itself(exchange)
        ]
    if any(_closes_connection(selected_server.server) for selected_server in selected_servers):
        symptoms += [
            exchange
            for exchange in evidence.of(Exchange)
            if exchange.port == port and exchange.status is None and exchange.failure
        ]
    return tuple(symptoms)


def _closes_connection(server: Server) -> bool:
    """Return whether the block has `return 444`, which closes the connection without a response."""
    blocks = (server.block, *children(server.block, "location"))
    return any(
        directive.args[:1] == ("444",)
        for block in blocks
        for directive in children(block, "return")
    )


def _is_own(
    selected_server: SelectedServer, mistyped: Mistyped | None, other_port_server: str
) -> bool:
    """Return whether the default block may be the site's own.

    The spelling error is in its own name, or it is alone there, has no name but "_", and no other
    block has a name of the site.
    """
    default = selected_server.server
    if mistyped:
        return mistyped.directive in children(default.block, "server_name")
    rejects = any(
        directive.args == ("on",) for directive in children(default.block, "ssl_reject_handshake")
    )
    if (
        other_port_server
        or rejects
        or _closes_connection(default)
        or refuses_every_path(default)
        or len(selected_server.socket.servers) > 1
    ):
        return False
    return not any("." in name.strip(".") for name in default.names)


def _fallback_pages(nginx: Nginx, selected: list[SelectedServer]) -> tuple[Exchange, ...]:
    """Return the pages with which nginx-proxy says that no container gives it the name."""
    if not any(page.status == 503 for page in page_exchanges(nginx.evidence)):
        return ()
    from checks.nginx._virtual_hosts import fallback_pages

    return fallback_pages(nginx, selected)


def _environment_fix(nginx: Nginx, default: Server, mistyped: str) -> Fix | None:
    """Return the remedy for a file that nginx-proxy makes of the containers' environment; None for
    another file."""
    writer = writer_of(nginx, default.block)
    if writer is None or writer.panel != "nginx-proxy":
        return None
    # Imported late: few names are nginx-proxy's.
    from checks.nginx._virtual_hosts import virtual_host_fix

    return virtual_host_fix(nginx.evidence, mistyped, nginx.evidence.target.host)


def _fix(
    nginx: Nginx, own: Server | None, selected: tuple[SelectedServer, ...], *, is_mistyped: bool
) -> Fix:
    """Give the name to a block; or, where another site answers and no block is the host's, let a
    default block refuse the names that no site has."""
    # Imported late: few names have no block.
    from checks.nginx._name_choices import (
        choices,
        listening_fix,
        named_block,
        ordering_command,
        refusing_block,
        site_block,
    )

    default, host = selected[0].server, nginx.evidence.target.host
    if any(
        host in server.names and children(server.block, "ssl_certificate")
        for server in nginx.servers
    ):
        fix = listening_fix(nginx, own, selected) if own else None
        return fix or _by_hand(nginx, choices(("add-the-listen", ())))
    if own:
        order = f"certbot --nginx -d {host}" if _can_order(nginx, own) else ""
        first = ("listen-there", ordering_command(order))
    else:
        owner = None if is_mistyped else site_block(selected)
        first = ("add-the-name", named_block(nginx, owner))
    is_foreign = bool({*default.names} - {"", "_"}) and not is_mistyped
    others = (("refuse-unknown-names", refusing_block(nginx, selected)),) if is_foreign else ()
    return _by_hand(nginx, choices(first, *others))


def _by_hand(nginx: Nginx, steps: tuple[Manual, ...]) -> Fix:
    """Return a question; its answers load the configuration themselves where they have commands."""
    loading = () if all(step.commands for step in steps) else reload_steps(nginx)
    return Fix((*steps, *loading), Applicability.MANUAL)
