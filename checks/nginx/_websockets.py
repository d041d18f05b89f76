"""The WebSocket handshakes at each path, and the locations that lose the upgrade."""

from collections.abc import Collection, Iterable, Iterator

from checks.nginx import Nginx
from diagnose.model import Evidence, Observation
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.logs import RefusedHandshakes
from diagnose.model.nginx import UpstreamTry
from diagnose.model.pages import WebSocketPath
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.websocket_refusal import passes_guard

#: The map from which `Connection` is set (nginx.org, "WebSocket proxying").
UPGRADE_MAP = (
    "map $http_upgrade $connection_upgrade {",
    "    default upgrade;",
    "    ''      close;",
    "}",
)

#: How an application answers who has not logged in.
_LOGINS = {401, 403, *REDIRECTS}

#: The same, and the page of a login, and a WebSocket that opens for everybody: a password of the
#: proxy's own keeps strangers from it.
_OF_STRANGERS = {101, 200, *_LOGINS}


@frozen
class WebSocketHandshakes:
    """The WebSocket handshakes at one path.

    `front` go through the front server, and all others directly to the application: `direct` as
    nginx sends them, `http_1_0` in HTTP/1.0. `whole_path` ask for the visitor's path although nginx
    sends another, `visitor_host` also send the visitor's Host, and `forwarded` besides the fields
    that name the visitor's scheme and host. `bare_path` ask for the path without the location's
    prefix, which nginx keeps. `own_host` send the Origin of the host that nginx
    sends, `forwarded_host` the visitor's host as X-Forwarded-Host. `closed` are no handshakes: the
    plain requests there whose connection the application closed before it answered.
    """

    front: tuple[Upgrade, ...]
    direct: tuple[Upgrade, ...]
    http_1_0: tuple[Upgrade, ...]
    whole_path: tuple[Upgrade, ...] = ()
    visitor_host: tuple[Upgrade, ...] = ()
    forwarded: tuple[Upgrade, ...] = ()
    own_host: tuple[Upgrade, ...] = ()
    forwarded_host: tuple[Upgrade, ...] = ()
    bare_path: tuple[Upgrade, ...] = ()
    closed: tuple[UpstreamTry, ...] = ()

    @classmethod
    def at_path(cls, evidence: Evidence, path: str) -> "WebSocketHandshakes":
        upgrades = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.path == path]
        normal = [upgrade for upgrade in upgrades if upgrade.variant == "normal"]
        return cls(
            tuple(upgrade for upgrade in normal if upgrade.through == "front"),
            tuple(upgrade for upgrade in normal if upgrade.through == "application"),
            tuple(upgrade for upgrade in upgrades if upgrade.variant == "http-1.0"),
            tuple(upgrade for upgrade in upgrades if upgrade.variant == "whole-path"),
            tuple(upgrade for upgrade in upgrades if upgrade.variant == "visitor-host"),
            tuple(upgrade for upgrade in upgrades if upgrade.variant == "forwarded"),
            tuple(upgrade for upgrade in upgrades if upgrade.variant == "own-host"),
            tuple(upgrade for upgrade in upgrades if upgrade.variant == "forwarded-host"),
            tuple(upgrade for upgrade in upgrades if upgrade.variant == "bare-path"),
            tuple(attempt for attempt in evidence.of(UpstreamTry) if _is_closed(attempt, path)),
        )

    @property
    def ends_in_proxy(self) -> bool:
        """Whether every WebSocket through the front server ends at once, and stays open at the
        application itself."""
        watched = self._watched
        return (
            bool(watched) and self._front_ends and all(upgrade.stayed_open for upgrade in watched)
        )

    @property
    def ends_in_application(self) -> bool:
        """Whether a WebSocket also ends at once at the application itself."""
        watched = self._watched
        return (
            bool(watched)
            and self._front_ends
            and not any(upgrade.stayed_open for upgrade in watched)
        )

    @property
    def _watched(self) -> tuple[Upgrade, ...]:
        """The direct ones that were held open for a moment: over SSH, most are not."""
        return tuple(
            upgrade for upgrade in self.direct if upgrade.accepted and upgrade.held_s is not None
        )

    @property
    def _front_ends(self) -> bool:
        return bool(self.front) and all(
            upgrade.accepted and upgrade.stayed_open is False for upgrade in self.front
        )

    @property
    def accepted_by_front(self) -> bool:
        return any(upgrade.accepted for upgrade in self.front)

    @property
    def accepted_by_application(self) -> bool:
        """Whether the application accepts the handshake."""
        return any(upgrade.accepted for upgrade in self.direct)

    @property
    def refused_by_application(self) -> bool:
        """Whether the application responds to the handshake and refuses it."""
        return not self.accepted_by_application and any(upgrade.status for upgrade in self.direct)

    @property
    def closed_by_application(self) -> bool:
        """Whether the application accepts the handshake and closes the connection at once for its
        own reason."""
        return bool(self.direct) and all(
            upgrade.accepted and upgrade.stayed_open is None for upgrade in self.direct
        )

    @property
    def wants_login(self) -> bool:
        """Whether the application refuses the handshake, whole as it is, because nobody has logged
        in: its answer proves nothing, as it would be the same without Upgrade."""
        return wants_login({upgrade.status for upgrade in self.direct})

    @property
    def proves_nothing(self) -> bool:
        """Whether the application was not asked, or refuses the handshake in a way in which it may
        refuse one that lacks only what its program adds: a login, a session in the query."""
        statuses = [upgrade.status for upgrade in self.direct]
        return all(status in _LOGINS | {400, 404} for status in statuses)

    @property
    def not_found(self) -> bool:
        """Whether the application says that it has nothing at the path: another version of it may
        have no WebSocket, or it says so to everybody who has not logged in."""
        return bool(self.direct) and all(upgrade.status == 404 for upgrade in self.direct)

    def takes(self, upgrade: Upgrade) -> bool:
        """Return whether the application takes a changed handshake, unlike nginx's: it opens it, or
        asks it to log in, which comes after the refusal."""
        if upgrade.accepted:
            return bool(not self.closed_by_application or upgrade.stayed_open)
        return bool(self.direct) and all(passes_guard(each, upgrade) for each in self.direct)

    @property
    def accepted_as_requested(self) -> bool:
        """Whether the application refuses the handshake as nginx would send it, and accepts it as
        the visitor sends it."""
        return self.refused_by_application and any(
            upgrade.accepted for upgrade in (*self.whole_path, *self.visitor_host, *self.forwarded)
        )

    @property
    def broken_by_proxy(self) -> bool:
        """Whether the application accepts the handshake and the front server fails it, other than
        by a redirect or an access rule.

        An application may respond 401 or 403 to a request that lost its Upgrade. Such a status on
        the proxy's own page is an access rule. 502 says nothing of a lost Upgrade, unless the
        application was seen to close the connection of a request without one.
        """
        failures = [
            upgrade for upgrade in self.front if upgrade.status and not 300 <= upgrade.status < 400
        ]
        unclear = {429, 503, 504} if self.closed else {429, 502, 503, 504}
        rejections = [upgrade for upgrade in failures if upgrade.status not in unclear]
        rule_rejections = [
            upgrade
            for upgrade in rejections
            if upgrade.status in {401, 403} and proxy_page(upgrade.body)
        ]
        return (
            self.accepted_by_application
            and len(rule_rejections) < len(rejections)
            and not self.accepted_by_front
        )


def wants_login(statuses: Collection[int | None]) -> bool:
    """Return whether an application answered handshakes as it answers who has not logged in."""
    return bool(statuses) and _LOGINS.issuperset(statuses)


def _is_closed(attempt: UpstreamTry, path: str) -> bool:
    kind = attempt.failure.kind if attempt.failure else ""
    return attempt.asked and attempt.path == path and kind in {"closed", "reset"}


def websocket_paths(evidence: Evidence) -> tuple[str, ...]:
    """Return the WebSocket paths to judge: those that the user named, those found in the
    configuration, and those that the site's application is known to open."""
    upgrade_paths = (upgrade.path for upgrade in evidence.of(Upgrade))
    known_paths = (named.path for named in evidence.good(WebSocketPath) if named.need)
    return tuple(dict.fromkeys((*evidence.target.websockets, *upgrade_paths, *known_paths)))


def named_websocket(evidence: Evidence, path: str) -> WebSocketPath | None:
    """Return what says that the site's page opens a WebSocket at this path; first what is known of
    its application."""
    named = [named for named in evidence.good(WebSocketPath) if named.path == path]
    return next((each for each in named if each.need), next(iter(named), None))


def refused_visitors(
    evidence: Evidence, path: str, statuses: Collection[int | None]
) -> RefusedHandshakes | None:
    """Return the handshakes of visitors at a path that got another answer than this run's own,
    which has not logged in: the application itself takes that, asks for a login, or shows a page
    (`statuses`). Who has logged in gets to the WebSocket, and the answer there is no login's."""
    if not statuses or not _OF_STRANGERS.issuperset(statuses):
        return None
    return next(
        (
            logged
            for logged in evidence.good(RefusedHandshakes)
            if logged.path == path and logged.status not in statuses
        ),
        None,
    )


def locations_losing_upgrades(nginx: Nginx) -> Iterator[tuple[LocationMatch, list[str]]]:
    """Yield the proxied locations that do not forward an upgrade, each with the paths that show
    it."""
    paths_by_location: dict[int, tuple[LocationMatch, list[str]]] = {}
    for path in websocket_paths(nginx.evidence):
        for location_match in nginx.location_matches(path):
            if _loses_upgrade(nginx.evidence, location_match, path):
                paths_by_location.setdefault(id(location_match.block), (location_match, []))[
                    1
                ].append(path)
    yield from paths_by_location.values()


def _loses_upgrade(evidence: Evidence, location_match: LocationMatch, path: str) -> bool:
    handshakes = WebSocketHandshakes.at_path(evidence, path)
    if (
        proxy_pass_of(location_match) is None
        or all(upgrade_forwarding(location_match))
        or handshakes.accepted_by_front
    ):
        return False
    if handshakes.broken_by_proxy or handshakes.accepted_as_requested:
        return True
    if refused_visitors(evidence, path, {upgrade.status for upgrade in handshakes.direct}):
        return True
    named = named_websocket(evidence, path)
    if named is not None and named.need:
        # Another version of the program may have no WebSocket there.
        has_none = named.opens and handshakes.refused_by_application
        return handshakes.accepted_by_application or (handshakes.proves_nothing and not has_none)
    # For a WebSocket path that the user named, the configuration is proof enough, because no
    # application works without Upgrade. But if the application refuses a direct handshake too,
    # nobody knows what the path is for, unless it asks for a login.
    is_asked = path in evidence.target.websockets
    if is_asked and not handshakes.refused_by_application:
        return True
    return (is_asked or named is not None) and handshakes.wants_login


def handshake_evidence(
    nginx: Nginx, handshake_sets: Iterable[WebSocketHandshakes]
) -> tuple[Observation, ...]:
    """Return what a claim about these handshakes rests on: the configuration, and each of them
    through the front server and directly."""
    upgrades = (
        upgrade
        for handshakes in handshake_sets
        for upgrade in (*handshakes.front, *handshakes.direct)
    )
    return (*nginx.configs, *upgrades)


def front_status(handshake_sets: Iterable[WebSocketHandshakes]) -> int | str:
    """Return the first status that visitors got, "" without one."""
    upgrades = (upgrade for handshakes in handshake_sets for upgrade in handshakes.front)
    return next((upgrade.status for upgrade in upgrades if upgrade.status), "")
