"""The redirect leads where no visitor can go: to an invalid name, into a private network, to a name
that does not exist, to a server that does not serve it, to the pages of another site of this nginx,
or to the port of a server block behind the visitors' one, past it. A redirect to another host that
works (www, a new name) is fine. Whether visitors reach the login of a provider elsewhere does not
show on a server that does not reach it: many may open no connection to the internet."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import (
    _redirect_edits,
    addresses,
    endpoint_subjects,
    exchanges_by_purpose,
    redirected_sockets,
)
from checks.http._logins import leads_back, return_address
from checks.nginx import Nginx, file_line
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
    merge_subjects,
)
from diagnose.model.addresses import is_private
from diagnose.model.dns import is_local_name
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import is_address, is_host
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.redirects import drops_port, is_own_https, redirect_target
from diagnose.parsers.urls import Url, is_internal_host, is_related_host, normalize_url, parse_url

if TYPE_CHECKING:
    from checks.http._port_fields import PortField
    from checks.http._redirect_senders import RedirectSender

#: The kind of failure at the destination, and the reason (a fact) that it means.
_REASONS = {
    "resolution": "missing",
    "refused": "silent",
    "unreachable": "silent",
    "timeout": "silent",
    "reset": "silent",
    "closed": "silent",
    "certificate": "certificate",
    "alert": "tls",
    "protocol": "tls",
}


# EAI_NONAME, EAI_NODATA (netdb.h): the name was looked up and does not exist.
_NO_SUCH_NAME = {-2, -5}
# EAI_AGAIN.
_TRY_AGAIN = -3
#: Endings that own networks use besides (RFC 6762 appendix G).
_NETWORK_ENDINGS = (".intranet", ".private", ".corp", ".home", ".localdomain")


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.acme-challenge-blocked",
        "http.redirect-downgrade",
        "http.redirect-drops-path",
        "http.redirect-to-error",
        "websocket.redirected",
    ],
)
def redirect_wrong_host(evidence: Evidence) -> Iterator[Claim]:
    groups: dict[tuple[str, str], list[tuple[Exchange, Exchange | None]]] = {}
    for exchange in evidence.good(Exchange):
        onward = redirect_target(exchange)
        if onward is None or exchange.purpose not in {"target", "plain", "redirect"}:
            continue
        reason, failed_exchange = _redirect_fault(evidence, exchange, onward)
        if reason:
            groups.setdefault((reason, _host(onward)), []).append((exchange, failed_exchange))
    for (reason, host), group in groups.items():
        yield _claim(evidence, reason, host, group)


def _host(onward: str) -> str:
    url = parse_url(onward)
    return onward if url is None else url.authority


def _redirect_fault(
    evidence: Evidence, exchange: Exchange, onward: str
) -> tuple[str, Exchange | None]:
    """Return what is wrong with the destination, and the failed request to it if one was made."""
    url, target = parse_url(onward), evidence.target
    if url is None or not (is_address(url.host) or is_host(url.host)):
        return "invalid", None
    if leads_back(exchange):
        # Who asked for the login waits there: a program on the visitor's own machine, for example.
        return "", None
    if (
        is_internal_host(url.host)
        and url.host != target.host
        and not is_internal_host(exchange.address)
    ):
        return "inward", None
    if _is_judged_anyway(evidence, url):
        return "", None
    for failed_exchange in evidence.of(Exchange):
        if (
            failed_exchange.purpose == "redirect"
            and normalize_url(failed_exchange.url) == onward
            and failed_exchange.failure is not None
            # The resolver that was asked did not answer: nothing is known of a public name.
            and (
                failed_exchange.failure.code != _TRY_AGAIN or _is_for_nobody(url.host, target.host)
            )
            and not _is_login_out_of_reach(evidence, exchange, failed_exchange, url.host)
            and not _is_fault_of_the_server(evidence, failed_exchange)
        ):
            return _REASONS.get(failed_exchange.failure.kind, ""), failed_exchange
    if _is_port_of_an_inner_block(evidence, exchange, url):
        return "past", None
    if shown := _page_of_other_site(evidence, exchange, onward):
        return "foreign", shown
    # The redirect of port 80 to the usual port of https has lost nothing.
    if exchange.port == evidence.target.port and _lost_port(evidence, _host(onward)):
        return _error_without_port(evidence, onward)
    return "", None


def _is_for_nobody(host: str, own_host: str) -> bool:
    """Return whether a name is none that visitors' resolvers know, whatever this one answers: one
    of an own network (RFC 6762 appendix G, RFC 8375), or the site's own with the path behind it."""
    is_joined = host.startswith(own_host) and not host.startswith((f"{own_host}.", f"{own_host}-"))
    return host != own_host and (is_joined or (_is_inner(host) and not _is_inner(own_host)))


def _is_inner(name: str) -> bool:
    return is_local_name(name) or name.endswith(_NETWORK_ENDINGS)


def _error_without_port(evidence: Evidence, onward: str) -> tuple[str, Exchange | None]:
    """Return the request that shows that the site is not at the usual port: a page that is not
    there (RFC 9110 section 15.5.5 and 15.5.11), or a server that fails."""
    for page in evidence.good(Exchange):
        is_error = page.status in {404, 410} or (page.status or 0) >= 500
        if page.purpose == "redirect" and normalize_url(page.url) == onward and is_error:
            return "error", page
    return "", None


def _page_of_other_site(evidence: Evidence, step: Exchange, onward: str) -> Exchange | None:
    """Return the page at the destination, if it came from the block of another site, for lack of
    one with the name; None if that is not known."""
    pages = [
        page
        for page in evidence.good(Exchange)
        if page.purpose == "redirect" and normalize_url(page.url) == onward and page.status == 200
    ]
    if not pages or pages[0].address != step.address:
        return None
    # Imported late: few redirects lead to a page of another name.
    from checks.http._foreign_destinations import foreign_block

    return pages[0] if foreign_block(Nginx.of(evidence), onward) else None


def _is_judged_anyway(evidence: Evidence, url: Url) -> bool:
    """Return whether the destination is the target's own, or its port 80 or 443, where other checks
    judge what fails. They do not see that nginx has https on another port."""
    target = evidence.target
    is_own_port = url.port == target.port or {url.port, target.port} <= {80, 443}
    is_usual = (url.secure or url.port != 443) and (not url.secure or url.port != 80)
    if url.host != target.host or not is_own_port or not is_usual:
        return False
    return target.uses_tls or not url.secure or _tls_port(Nginx.of(evidence)) == ""


def _is_port_of_an_inner_block(evidence: Evidence, step: Exchange, onward: Url) -> bool:
    """Return whether a block behind the visitors' one completed this redirect with the port of its
    own socket (ngx_http_core_module, "port_in_redirect"). Asked on the server, that port answers;
    another check judges a redirect that loses https too."""
    from checks.nginx._inner_blocks import inner_redirect

    target = evidence.target
    if onward.host != target.host or onward.port == target.port or step.port != target.port:
        return False
    if onward.secure is not target.uses_tls:
        return False
    inner = inner_redirect(Nginx.of(evidence), step)
    return inner is not None and inner.is_completed and onward.port == inner.request.socket.port


def _is_login_out_of_reach(
    evidence: Evidence, exchange: Exchange, failed: Exchange, host: str
) -> bool:
    """Return whether the server itself asked the login of somebody else, and no answer came."""
    is_elsewhere = not is_related_host(evidence.target.host, host)
    kind = failed.failure.kind if failed.failure else ""
    is_silent = _REASONS.get(kind) in {"missing", "silent"}
    if not (is_elsewhere and is_silent and return_address(exchange)):
        return False
    # Imported late: few redirects lead to a machine that is silent.
    from checks.tcp._vantages import is_server_here

    return is_server_here(evidence)


def _is_fault_of_the_server(evidence: Evidence, failed: Exchange) -> bool:
    """Return whether the same address and port fail in the same way for the target's own name: the
    redirect leads to the site's own server, and another finding names what is wrong there."""
    kind = failed.failure.kind if failed.failure else ""
    if _REASONS.get(kind) == "certificate":
        return any(
            not page.verified and (page.address, page.port) == (failed.address, failed.port)
            for page in exchanges_by_purpose(evidence, "target")
        )
    attempts = (*evidence.of(Exchange), *evidence.of(Handshake))
    return any(
        own.failure is not None
        and own.failure.kind == kind
        and (own.address, own.port) == (failed.address, failed.port)
        for own in attempts
        if (isinstance(own, Handshake) and own.variant == "normal")
        or (isinstance(own, Exchange) and own.purpose == "target")
    )


def _claim(
    evidence: Evidence, reason: str, host: str, group: list[tuple[Exchange, Exchange | None]]
) -> Claim:
    from checks.http._redirect_host_edits import nginx_fix, unknown_variable
    from checks.http._redirect_senders import RedirectSender
    from checks.upstream._own_remedy import with_own_remedy

    steps = [exchange for exchange, _ in group]
    failed = [failed_exchange for _, failed_exchange in group if failed_exchange is not None]
    subjects = endpoint_subjects(steps)
    nginx = Nginx.of(evidence)
    onward = redirect_target(steps[0]) or ""
    sender = RedirectSender.of(nginx, steps[0], host, bool(_lost_port(evidence, host)))
    unserved = _answering_block(nginx, reason, onward, failed)
    reported_port = _port_field(nginx, steps[0])
    covered = _covered_fix(nginx, onward) if unserved else None
    owned = _own_name(nginx, onward, str(sender.facts.get("own"))) if reason == "missing" else ""
    scheme = "https" if onward.startswith("https:") else "http"
    claim = Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, *redirected_sockets(evidence, host.partition(":")[0], scheme)),
        because=(*steps, *(reported_port.requests if reported_port else ()), *failed),
        # The port of a block behind may be open to visitors too: they only come past the site.
        severity=Severity.WARNING if reason == "past" else None,
        confidence=Confidence.CERTAIN
        if reported_port or (covered and not _is_maybe_meant(evidence, reason))
        else _confidence(reason, failed, sender),
        facts={
            "secure": steps[0].url.startswith("https://"),
            "unserved": " ".join(unserved.names) or "_" if unserved else "",
            "unserved_place": file_line(unserved.block) if unserved else "",
            "covered": covered is not None,
            "owned": owned,
            "serving": "" if is_private(steps[0].address) else steps[0].address,
            "asked": evidence.target.host,
            "variable": unknown_variable(steps[0]) if reason == "invalid" else "",
            **_destination_facts(evidence, reason, host, steps, failed),
            **sender.facts,
            **(reported_port.facts if reported_port else {}),
        },
        location=sender.location,
        fix=covered
        or (owned and Fix((Manual("add-the-record", Where.DNS_PROVIDER),), Applicability.MANUAL))
        or sender.own_fix()
        or (reported_port and reported_port.fix)
        or (unserved and _redirect_edits.by_hand("serve-the-name"))
        or sender.other_fix(steps)
        or nginx_fix(nginx, reason, steps),
    )
    return with_own_remedy(evidence, claim, "public_url")


def _own_name(nginx: Nginx, onward: str, line: str) -> str:
    """Return the name to which a line of nginx redirects, if the line writes it out and a block of
    this nginx has it: somebody means it, and what lacks is its record. "" for any other."""
    url = parse_url(onward)
    if (
        url is None
        or url.host not in line
        or not is_related_host(nginx.evidence.target.host, url.host)
    ):
        return ""
    return url.host if any(url.host in server.names for server in nginx.servers) else ""


def _covered_fix(nginx: Nginx, onward: str) -> Fix | None:
    """Return the edit that gives the site's block the name to which it leads, if its certificate is
    for that name too."""
    # Imported late: few redirects lead to a name that no block has.
    from checks.nginx._sibling_names import redirected_name, sibling_fix

    url = parse_url(onward)
    redirected = redirected_name(nginx, url.host, url.port) if url else None
    return sibling_fix(nginx, redirected, url.host) if redirected and url else None


def _port_field(nginx: Nginx, step: Exchange) -> "PortField | None":
    # Imported late: few redirects lose a port.
    from checks.http._port_fields import port_field

    return port_field(nginx, step) if drops_port(step) else None


def _is_maybe_meant(evidence: Evidence, reason: str) -> bool:
    """Return whether the block of another site may have the pages of the destination as well, as
    an application for many names has: only a person knows that it has not."""
    symptom = evidence.target.symptom
    return reason == "foreign" and (symptom is None or symptom.kind != "wrong-site")


def _confidence(reason: str, failed: list[Exchange], sender: "RedirectSender") -> Confidence:
    """What was tried and failed may be in order for others, if it is no name that does not exist;
    what nginx writes itself needs no try."""
    failure = failed[0].failure if failed else None
    is_sure = failure is None or reason == "tls" or failure.code in _NO_SUCH_NAME
    is_told = sender.told is not None or reason != "error"
    if reason not in {"past", "foreign"} and (sender.is_proven or (is_sure and is_told)):
        return Confidence.CERTAIN
    return Confidence.LIKELY


def _destination_facts(
    evidence: Evidence, reason: str, host: str, steps: list[Exchange], failed: list[Exchange]
) -> dict[str, object]:
    """Return where the redirect leads, and what is wrong there."""
    from checks.http._known_application import own_setting
    from checks.http._redirect_host_edits import unknown_variable
    from checks.http._setting_lines import setting_facts

    onward = redirect_target(steps[0]) or ""
    failure = failed[0].failure if failed else None
    is_https = is_own_https(evidence.target, onward)
    reasons = ("invalid", "inward", "missing", "silent", "past", "certificate", "tls", "foreign")
    return {
        "url": steps[0].url,
        "location": steps[0].header("Location") or "",
        "host": f"https://{host}" if is_https else unknown_variable(steps[0]) or host,
        "tls_port": _tls_port(Nginx.of(evidence)) if is_https else "",
        "addresses": addresses(steps),
        **{name: reason == name for name in reasons},
        "status": failed[0].status if failed and reason == "error" else "",
        "message": failure.message if failure else "",
        "lost_port": _lost_port(evidence, host),
        **own_setting(evidence, "public_url"),
        **setting_facts(evidence, onward),
    }


def _answering_block(
    nginx: Nginx, reason: str, onward: str, failed: list[Exchange]
) -> Server | None:
    """Return the block that answers at the destination, if this nginx answers there and none of its
    blocks has the name. The certificate of that block is for other names."""
    url, own = parse_url(onward), exchanges_by_purpose(nginx.evidence, "target")
    places = {(page.address, page.port) for page in own}
    is_here = any((exchange.address, exchange.port) in places for exchange in failed)
    if reason == "foreign":
        from checks.http._foreign_destinations import foreign_block

        return foreign_block(nginx, onward)
    if url is None or reason not in {"certificate", "tls"} or not is_here:
        return None
    for socket in nginx.reachable_sockets(url.port):
        server, kind = server_blocks.select_server(socket, url.host)
        if kind != "default":
            return None
        return server
    return None


def _tls_port(nginx: Nginx) -> int | str:
    """Return the only other port on which nginx serves https for the target's name; "" for none."""
    name = nginx.evidence.target.host
    ports = {
        listen.port
        for server in nginx.servers
        if name in server.names
        for listen in server.listens
        if listen.ssl
    }
    return ports.pop() if len(ports) == 1 and ports != {443} else ""


def _lost_port(evidence: Evidence, host: str) -> int | str:
    """Return the target's port, if the redirect keeps its name and loses that port."""
    target = evidence.target
    return target.port if host == target.host and target.port not in {80, 443} else ""
