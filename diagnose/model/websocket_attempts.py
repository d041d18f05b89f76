"""The handshakes of one WebSocket, grouped by how they ended, and that without TLS."""

from dataclasses import replace
from typing import ClassVar

from diagnose.model import Evidence, Observation, Subject, merge_subjects
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade, header
from diagnose.model.marks import Address, Headers, ReasonPhrase, Url, UrlPath
from diagnose.model.summary import Summary


@frozen
class Attempt:
    """The browser-like WebSocket handshakes on one path of the site that ended in the same way.

    `same` are those handshakes, `retries` the other handshakes on that path, `site` the response
    statuses of the site's page itself.
    """

    path: UrlPath
    same: tuple[Upgrade, ...]
    retries: tuple[Upgrade, ...] = ()
    site: frozenset[int] = frozenset()

    @property
    def first(self) -> Upgrade:
        return self.same[0]

    @property
    def subjects(self) -> tuple[Subject, ...]:
        addresses = dict.fromkeys(upgrade.address for upgrade in self.same)
        return tuple(
            Subject(address=address, port=self.first.port, path=self.path) for address in addresses
        )

    @property
    def subject(self) -> Subject:
        """All their endpoints merged into one subject, named by the URL."""
        return replace(merge_subjects(self.subjects), text=self.first.url.partition("?")[0])

    @property
    def because(self) -> tuple[Upgrade, ...]:
        return self.same + self.retries


def websocket_attempts(evidence: Evidence) -> tuple[Attempt, ...]:
    """Group the handshakes by path and by how they ended."""
    front = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.through == "front"]
    groups: dict[tuple[object, ...], list[Upgrade]] = {}
    for upgrade in front:
        if upgrade.variant == "normal":
            kind = upgrade.failure and upgrade.failure.kind
            ended = (
                upgrade.accepted,
                upgrade.status,
                upgrade.fault,
                kind,
                upgrade.ended,
                upgrade.close_code,
            )
            groups.setdefault((upgrade.path, *ended), []).append(upgrade)
    pages = (exchange for exchange in evidence.of(Exchange) if exchange.purpose == "target")
    site = frozenset(page.status for page in pages if page.status)
    return tuple(
        Attempt(
            group[0].path,
            tuple(group),
            tuple(
                retry
                for retry in front
                if retry.variant not in {"normal", "other-path", "unasked"}
                and retry.path == group[0].path
            ),
            site,
        )
        for group in groups.values()
    )


@frozen(kw_only=True, eq=False)
class PlainHandshake(Observation):
    """A WebSocket's opening handshake at the ws:// address that somebody names, where the site
    itself has https. What follows an answer of 101 is not watched."""

    layer: ClassVar[str] = "websocket"

    url: Url
    path: UrlPath
    address: Address
    port: int
    status: int | None = None
    reason: ReasonPhrase = ""
    headers: Headers = ()

    @property
    def location(self) -> str:
        """The field Location, "" without one."""
        return header(self.headers, "Location") or ""

    def summary(self) -> Summary:
        return f"WebSocket {self.url}", f"{self.status} {self.reason}".rstrip()
