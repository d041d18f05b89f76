"""A tunnel whose program on the server finds nothing on its port. The router plays ngrok, with the
words and the field of its page; the real one was not asked."""

from ..lab import Lab
from ..scenario import scenario
from .addresses import OTHER, other_machine

START = "the application is started by hand"
PAGE = (
    "<!doctype html><noscript>Traffic was successfully tunneled to the ngrok agent, but the agent "
    "failed to establish a connection to the upstream web service at http://localhost:8080. The "
    "error encountered was: dial tcp [::1]:8080: connect: connection refused "
    "(ERR_NGROK_8012)</noscript>"
)


@scenario(outside="http.not-the-site", manual=START)
def tunnel_ends_at_a_port_that_nobody_serves(lab: Lab) -> None:
    """Issue 337 of ultrasecurity/Storm-Breaker and many others: `ngrok http 8080`, and the
    application listens on another port."""
    field = "add_header Ngrok-Error-Code ERR_NGROK_8012 always; default_type text/html;"
    other_machine(lab, f"{field} return 502 '{PAGE}';")
    lab.dns([OTHER])
