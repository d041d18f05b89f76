"""What visitors of a tunnel get where it fails, and whose page that is."""

from collections.abc import Collection, Iterable

from checks.http._fronts import cdn_error
from diagnose.model import Evidence, Subject, Vantage
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.server import Interface, interface_addresses
from diagnose.model.tls import Handshake, speaks_plain_http
from diagnose.parsers.stray_pages import stray_page

#: What else a run shows where a tunnel does not lead to the site.
TUNNEL_SYMPTOMS = (
    "dns.wrong-address", "dns.cdn-in-front", "tls.closed", "tls.reset", "tls.plain-http",
    "tcp.large-hello-lost", "http.server-error", "http.not-the-site", "http.cdn-error",
    "http.error-in-front", "http.page-refused", "http.no-redirect",
    "websocket.not-upgraded", "websocket.not-served",
)  # fmt: skip

#: The client of a tunnel, by the product whose page says that it is not connected.
_CLIENTS = {"frp": "frpc", "ngrok": "ngrok", "Cloudflare": "cloudflared"}


def failed_visits(evidence: Evidence) -> tuple[Exchange | Handshake, ...]:
    """Return the visitors' failed requests of the page, or else the handshakes that were cut or
    answered without TLS; none if the server itself has an address of them."""
    own = interface_addresses(evidence.good(Interface))
    visits: list[Exchange | Handshake] = [
        page for page in page_exchanges(evidence) if (page.status or 0) >= 400
    ]
    visits = visits or [
        shake
        for shake in evidence.of(Handshake)
        if shake.vantage is Vantage.HERE
        and shake.is_browser_like
        and shake.port == evidence.target.port
        and shake.failure
        and (shake.failure.kind in {"closed", "reset"} or speaks_plain_http(shake))
    ]
    is_elsewhere = own and all(visit.address not in own for visit in visits)
    return tuple(visits) if is_elsewhere else ()


def tunnel_programs(visits: Iterable[Exchange | Handshake]) -> set[str]:
    """Return the clients of which a tunnel's own page says that they are not connected."""
    programs = set[str]()
    for visit in visits:
        if isinstance(visit, Handshake):
            continue
        code = visit.header("Ngrok-Error-Code") or ""
        page = stray_page(visit.status, visit.body, code)
        if page and page.kind == "tunnel":
            programs.add(_CLIENTS.get(page.product, ""))
        error = cdn_error(visit)
        if error and error.meaning == "tunnel":
            programs.add("cloudflared")
    return programs - {""}


def is_for_name(names: Collection[str], evidence: Evidence) -> bool:
    """Return whether the target's name is one of these, which may have a wildcard."""
    host = evidence.target.host.lower()
    return any(
        name == host or (name.startswith("*.") and host.endswith(name[1:]))
        for name in map(str.lower, names)
    )


def visit_subjects(evidence: Evidence) -> tuple[Subject, ...]:
    """Return what fails where a tunnel fails."""
    target = evidence.target
    return (
        Subject(port=target.port, path=target.path_without_query),
        Subject(port=target.port),
        Subject(port=80),
        Subject(name=target.host, text=target.host),
    )
