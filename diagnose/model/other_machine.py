"""Observation of another machine that answers visitors in place of the server."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Text, Url
from diagnose.model.summary import Summary, phrase, socket_text

#: In what its page differs from the server's own: in the title, or in anything else.
PageDifference = Literal["title", "page"]


@frozen(kw_only=True, eq=False)
class OtherMachine(Observation):
    """A page of the site as visitors get it at an address that is none of the server's, compared
    with the page that the server's own web server gives to the same request.

    `title` and `own_title` are the titles of both pages, "" without any. `own_trusted` is whether a
    browser would accept the server's own certificate (None: not TLS, or this machine has no trusted
    roots). `logged` is how many requests for the page were logged on the server while it was asked
    once itself and `visits` times at the address; None if the log tells nothing. `log` is that log.
    `is_member` is whether the log shows that a proxy or a balancer asks the server.
    """

    layer: ClassVar[str] = "dns"

    url: Url
    address: Address
    port: int
    own_address: Address
    differs: PageDifference
    title: Text = ""
    own_title: Text = ""
    own_trusted: bool | None = None
    visits: int = 0
    logged: int | None = None
    log: FilePath = ""
    is_member: bool = False

    def summary(self) -> Summary:
        subject = phrase(
            "{url} at {place} and at {own}",
            url=self.url,
            place=socket_text(self.address, self.port),
            own=socket_text(self.own_address, self.port),
        )
        return subject, (self.title, self.own_title)
