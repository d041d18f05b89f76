"""Where a redirect's connection goes: addresses of a net written down, handshakes on loopback."""

import asyncio
import ssl

import pytest
import trustme

from diagnose.model import Failure
from diagnose.model.http import Exchange
from diagnose.net import ResolveResult
from diagnose.net.http import Http1Connection
from diagnose.net.http2 import Http2Connection
from diagnose.net.local import LocalNet
from diagnose.parsers.urls import Url
from diagnose.probes import Options
from diagnose.probes.outside.http_connections import find_address, open_http
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.servers import tls_server

ROOT = trustme.CA()
UNKNOWN = Failure("resolution", "Name or service not known", -2, "EAI_NONAME")
NO_DATA = Failure("resolution", "No address associated with hostname", -5, "EAI_NODATA")


def looking(net: LocalNet, options: Options | None = None) -> Looking:
    ctx = Looking(RecordedMachine())
    ctx.net, ctx.options = net, options or Options()
    return ctx


class Names(LocalNet):
    """A net that knows these addresses of one name, by family."""

    def __init__(self, **found: ResolveResult) -> None:
        self.found = found

    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        return self.found[f"ip{family}"]


BOTH = Names(ip4=ResolveResult(0.0, ("192.0.2.7",)), ip6=ResolveResult(0.0, ("2001:db8::7",)))
ONLY_4 = Names(ip4=ResolveResult(0.0, ("192.0.2.7",)), ip6=ResolveResult(0.0, failure=NO_DATA))
NEITHER = Names(ip4=ResolveResult(0.0, failure=UNKNOWN), ip6=ResolveResult(0.0, failure=NO_DATA))
EMPTY = Names(ip4=ResolveResult(0.0), ip6=ResolveResult(0.0))


@pytest.mark.parametrize(
    ("net", "before", "host", "found"),
    [
        (BOTH, "203.0.113.10", "www.example.com", ("192.0.2.7", None)),
        (BOTH, "2001:db8::1", "www.example.com", ("2001:db8::7", None)),
        (ONLY_4, "2001:db8::1", "www.example.com", ("192.0.2.7", None)),
        (NEITHER, "203.0.113.10", "www.example.com", ("", UNKNOWN)),
        (EMPTY, "203.0.113.10", "www.example.com", ("", Failure("resolution", "no address"))),
        (EMPTY, "203.0.113.10", "192.0.2.9", ("192.0.2.9", None)),
    ],
)
def test_another_host_is_looked_for_in_the_same_family_first(
    net: Names, before: str, host: str, found: tuple[str, Failure | None]
) -> None:
    previous = Exchange(url="http://shop.example.com/", address=before, port=80)
    assert asyncio.run(find_address(looking(net), host, previous)) == found


def context(root: trustme.CA = ROOT) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    root.issue_cert("shop.example.com").configure_cert(made)
    return made


def opened(
    server: ssl.SSLContext, host: str = "shop.example.com", judged: bool = True
) -> tuple[type | None, Failure | None]:
    """The kind of connection, or why there is none."""
    with ROOT.cert_pem.tempfile() as path, tls_server(server) as port:
        look = looking(LocalNet(), Options(cafile=path))
        url = Url("https", host, port, "/")
        connection, failure = asyncio.run(open_http(look, "127.0.0.1", url, judged, 5.0))
        if connection is None:
            return None, failure
        connection.close()
        return type(connection), failure


def test_a_certificate_is_judged_where_the_site_is_another() -> None:
    assert opened(context()) == (Http1Connection, None)
    stranger = context(trustme.CA())
    failure = opened(stranger)[1]
    assert (failure.kind if failure else "") == "certificate"
    assert opened(stranger, judged=False) == (Http1Connection, None)


def test_a_name_that_the_certificate_lacks_is_its_failure() -> None:
    _, failure = opened(context(), "www.example.com")
    assert failure == Failure("certificate", "the certificate is not for www.example.com")
    assert opened(context(), "www.example.com", judged=False)[1] is None


def test_http_2_is_offered_to_a_server_that_wants_nothing_else() -> None:
    server, asked = context(), []
    server.set_alpn_protocols(["h2"])

    def refuse_first(tls: ssl.SSLObject, name: str, _: ssl.SSLContext) -> int | None:
        asked.append(name)
        return 120 if len(asked) == 1 else None  # no_application_protocol, RFC 7301 section 3.2

    server.sni_callback = refuse_first
    assert opened(server) == (Http2Connection, None)
    assert asked == ["shop.example.com"] * 2


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_port_that_is_shut_refuses(scheme: str) -> None:
    with tls_server(context()) as port:
        url = Url(scheme, "shop.example.com", port, "/")
    connection, failure = asyncio.run(open_http(looking(LocalNet()), "127.0.0.1", url, True, 5.0))
    assert (connection, failure.kind if failure else "") == (None, "refused")
