"""Calls of gRPC beside pages that work: nginx's access log has those that fail.

gRPC's clients send POST alone, over HTTP/2, so that no page and no GET shows the fault.
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import log_of_its_own

MINE = (site.CONF,)
CALL = "/helloworld.Greeter/SayHello"
TIMEOUT = "  ssl_session_timeout 5m;\n"


def calls(lab: Lab, times: int = 3) -> None:
    """A client of Go calls the service."""
    words = ("curl", "-sk", "--http2", "-o", "/dev/null", "-A", "grpc-go/1.58.3")
    fields = ("-H", "Content-Type: application/grpc", "-H", "TE: trailers")
    for _ in range(times):
        lab.client.run([*words, *fields, "--data-binary", "abcde", f"https://{site.NAME}{CALL}"])


def passed(lab: Lab, directive: str) -> None:
    log_of_its_own(lab, f"  location /helloworld.Greeter/ {{\n    {directive};\n  }}\n")
    lab.change(TIMEOUT, f"{TIMEOUT}  http2 on;\n")


def service(lab: Lab) -> None:
    program = str(HERE / "applications" / "h2c_server.js")
    lab.spawn(lab.server, ["node", program, "50051"], 50051)


@scenario(
    outside=None, server="upstream.wrong-protocol",
    manual="whether it is gRPC the application's author knows",
)  # fmt: skip
def calls_behind_proxy_pass(lab: Lab) -> None:
    """https://github.com/grpc/grpc/issues/11427, https://github.com/grpc/grpc-dotnet/issues/1671"""
    service(lab)
    passed(lab, "proxy_pass http://127.0.0.1:50051")
    calls(lab)


@scenario(outside=None, server="upstream.speaks-http", differs=MINE)
def calls_reach_a_server_of_http(lab: Lab) -> None:
    """https://github.com/XTLS/Xray-core/issues/423: the port is not the service's."""
    lab.spawn(lab.server, lab.server.application("framework_server", "node", "3001"), 3001)
    passed(lab, "grpc_pass grpc://127.0.0.1:3001")
    calls(lab)


@healthy()
def calls_behind_grpc_pass(lab: Lab) -> None:
    service(lab)
    passed(lab, "grpc_pass grpc://127.0.0.1:50051")
    calls(lab)


# What clients say


ALPN = (
    'rpc error: code = Unavailable desc = connection error: desc = "transport: authentication '
    'handshake failed: credentials: cannot check peer: missing selected ALPN property"'
)


@scenario(
    outside="http.grpc-needs-http2", server="nginx.grpc-without-http2", args=(ALPN,), differs=MINE
)
def calls_need_http2(lab: Lab) -> None:
    """https://github.com/grpc/grpc/issues/23172: nginx speaks HTTP/1.1 alone."""
    service(lab)
    log_of_its_own(
        lab, "  location /helloworld.Greeter/ {\n    grpc_pass grpc://127.0.0.1:50051;\n  }\n"
    )


@healthy(args=(ALPN,))
def calls_get_http2(lab: Lab) -> None:
    """Healed, with the same message."""
    service(lab)
    passed(lab, "grpc_pass grpc://127.0.0.1:50051")


@healthy()
def pages_need_no_http2(lab: Lab) -> None:
    """The application may speak gRPC-Web itself, which works over HTTP/1.1: a note."""
    service(lab)
    log_of_its_own(
        lab, "  location /helloworld.Greeter/ {\n    grpc_pass grpc://127.0.0.1:50051;\n  }\n"
    )
