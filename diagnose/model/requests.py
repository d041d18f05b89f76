"""Observations of requests sent directly to an application, past nginx."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, Body, HostName, Label, ReasonPhrase, Url, UrlPath
from diagnose.model.summary import Summary

HostVariant = Literal["passed", "visitor", "own"]


@frozen(kw_only=True, eq=False)
class Asked(Observation):
    """One request to the application itself, with the header fields that nginx sends. It is made
    only after the site's own URL has failed.

    `target` is the argument of proxy_pass as written, `path` the path that the visitor requested
    from nginx. `variant` is the kind of name in the Host field, `sent` that name: "passed" (as
    nginx is configured to send it), "visitor" (the site's own), "own" (a name by which the
    application may know itself). `head` is the size in bytes of the response head, including status
    line and blank line (RFC 9112 section 2.1), 0 if it did not arrive completely; `largest` are its
    largest fields with their sizes in bytes. For a Unix socket, the port is 0 and `address` is
    "unix:" and a path.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    path: UrlPath
    address: Address
    port: int
    variant: HostVariant = "passed"
    sent: HostName = ""
    status: int | None = None
    reason: ReasonPhrase = ""
    head: int = 0
    largest: tuple[tuple[Label, int], ...] = ()
    body: Body = ""

    @property
    def endpoint(self) -> str:
        """The address and port that were asked: "127.0.0.1:3000", "unix:/run/app.sock"."""
        host = f"[{self.address}]" if ":" in self.address and self.port else self.address
        return f"{host}:{self.port}" if self.port else host

    def summary(self) -> Summary:
        subject = f"application {self.target} asked for the host {self.sent or '(none)'}"
        return subject, f"{self.status} {self.reason}; {self.head} bytes of header"
