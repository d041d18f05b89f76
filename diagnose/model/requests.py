"""What an application answers that is asked for the target's page directly, past nginx."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen


@frozen(kw_only=True, eq=False)
class Asked(Observation):
    """One request to the application itself, with the fields that nginx sends. It is made only
    once the front door has failed.

    `target` is the argument of proxy_pass as written, `path` what the visitor asked nginx for.
    `variant` says whose name is in the Host field, `sent`: "passed" (nginx's, as configured),
    "visitor" (the site's own), "own" (one by which the application may know itself). `head` are
    the bytes of the answer's head, status line and blank line included (RFC 9112 section 2.1), 0
    where it did not come whole; `largest` its largest fields and their bytes. The port is 0, and
    `address` "unix:" and a path, where the application listens on a Unix socket.
    """

    layer: ClassVar[str] = "upstream"

    target: str
    path: str
    address: str
    port: int
    variant: str = "passed"
    sent: str = ""
    status: int | None = None
    reason: str = ""
    head: int = 0
    largest: tuple[tuple[str, int], ...] = ()
    body: str = ""

    @property
    def endpoint(self) -> str:
        """Who was asked: "127.0.0.1:3000", "unix:/run/app.sock"."""
        host = f"[{self.address}]" if ":" in self.address and self.port else self.address
        return f"{host}:{self.port}" if self.port else host
