"""The limit for an upload is the application's, and the web server in front has none."""

from .. import caddy
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy
from .server_application_limit import APPLICATION

TOLD = (
    "bewCloud returns 413 Request Entity Too Large when uploading files >~10MiB: HTTP/1.1 413"
    " Payload Too Large",
)
LIMIT = "the limit is the application's own"


def _serve(lab: Lab) -> None:
    program = APPLICATION.replace("2000", "10485760").replace("print(line, flush=True)", "pass")
    lab.spawn(lab.server, lab.server.python("-c", program, "8013"), 8013)
    own = f"\ttls {caddy.PEM} {caddy.KEY}\n\treverse_proxy 127.0.0.1:8013\n"
    caddy.serve(lab, f"shop.example.com {{\n{own}}}\n")


@caddy_scenario(
    outside=None, server="server.size-limit-behind", args=TOLD, manual=LIMIT,
    differs=(caddy.CONFIG,),
)  # fmt: skip
def caddy_passes_large_uploads_to_a_limit(lab: Lab) -> None:
    """https://github.com/bewcloud/bewcloud/issues/154: the program takes 10 MiB, and logs
    nothing."""
    _serve(lab)


@caddy_scenario(outside=None, server="server.body-limit", args=TOLD, differs=(caddy.CONFIG,))
def caddy_limits_large_uploads_itself(lab: Lab) -> None:
    """Its twin: the same words, and Caddy has the limit."""
    limit = "\trequest_body {\n\t\tmax_size 10MiB\n\t}\n"
    own = f"\ttls {caddy.PEM} {caddy.KEY}\n{limit}\treverse_proxy 127.0.0.1:3000\n"
    caddy.serve(lab, f"shop.example.com {{\n{own}}}\n")


@healthy_caddy()
def caddy_passes_large_uploads_and_nobody_complains(lab: Lab) -> None:
    _serve(lab)
