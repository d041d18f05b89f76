"""nginx cuts a WebSocket after 60 seconds without data from the application, because the location
has no `proxy_read_timeout` of its own (ngx_http_proxy_module; "WebSocket proxying", nginx.org).

That is a note: most applications send a ping more often. It is a warning where the user's message
says that the WebSocket was closed without a reason of the application (RFC 6455, code 1006). It is
what many threads are about ("it disconnects every minute": issues 1598 and 2283 of ws), and no run
waits for a minute unless told to (`--idle 70`), so the configuration is all that shows it. What was
measured needs no note (`websocket.idle-timeout`), and what the server ends at once has another
cause. Of several servers on the way the least patient one ends it: after such a message the blocks
behind the visitors' one are looked at, too. nginx writes each cut into its error log ("upstream
timed out … while proxying upgraded connection"): then it is certain that visitors met it, and many
of them are a warning without a message, also of programs that usually ping (a longer `pingInterval`
of Engine.IO)."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import setting_fix
from checks.nginx._websockets import WebSocketHandshakes, websocket_paths
from checks.websocket import asks_about_closing, logged_cuts, says_it_ends_after
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Severity,
    Subject,
)
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of

#: proxy_read_timeout of nginx, in seconds, if nothing is set.
DEFAULT = 60

#: Words of the paths of Engine.IO and Action Cable, whose servers send pings themselves, every 25
#: and 3 seconds.
_PINGING = {"socket.io", "engine.io", "cable"}

#: Close codes of an end that is no fault (RFC 6455 section 7.4.1; 1005: a frame without one).
_WELL = frozenset({None, 1000, 1001, 1005})


#: Cuts in the last minutes from which on they are no client that has gone away.
_MANY = 5


def _is_well_ended(upgrade: Upgrade) -> bool:
    return upgrade.ended in {"", "close"} and upgrade.close_code in _WELL


@check(severity=Severity.NOTE, needs=[Upgrade, NginxConfig])
def idle_default(evidence: Evidence) -> Iterator[Claim]:
    nginx, is_asked = Nginx.of(evidence), asks_about_closing(evidence, DEFAULT)
    places = set[str]()
    # Of several WebSockets of one location, the one that the user named comes first.
    paths = sorted(
        websocket_paths(evidence), key=lambda path: path not in evidence.target.websockets
    )
    for path in paths:
        handshakes = WebSocketHandshakes.at_path(evidence, path)
        opened = [upgrade for upgrade in handshakes.front if upgrade.accepted]
        # What ends at once has not been silent for a minute.
        has_ended = any(upgrade.ended for upgrade in opened) and not (
            all(_is_well_ended(upgrade) for upgrade in opened)
            and says_it_ends_after(evidence, DEFAULT)
        )
        is_measured = any(
            upgrade.idle_s is not None or (upgrade.quiet_s or 0.0) > DEFAULT for upgrade in opened
        )
        cuts = logged_cuts(evidence, path)
        is_pinged = not cuts and bool(_PINGING & set(path.split("/")))
        if not opened or has_ended or is_measured or is_pinged:
            continue
        times = sum(line.times for line in cuts)
        for match in _locations(nginx, path, is_asked):
            target = proxy_pass_of(match)
            if (
                target is None
                or match.directive("proxy_read_timeout")
                or not all(upgrade_forwarding(match))
            ):
                continue
            if file_line(match.block) in places:
                break
            places.add(file_line(match.block))
            yield Claim(
                about=Subject(port=evidence.target.port, path=path, text=file_line(match.block)),
                covers=(Subject(port=evidence.target.port, path=path),),
                because=(*opened, *nginx.configs, *cuts),
                severity=Severity.WARNING if is_asked or times >= _MANY else None,
                confidence=Confidence.LIKELY if is_asked and not cuts else Confidence.CERTAIN,
                location=nginx.location(target),
                facts={
                    "url": opened[0].url,
                    "path": path,
                    "seconds": DEFAULT,
                    "probe": DEFAULT + 10,
                    "place": file_line(match.block),
                    "times": times or "",
                    "log": cuts[-1].file if cuts else "",
                    "written": cuts[-1].written if cuts else "",
                },
                fix=setting_fix(nginx, match, {"proxy_read_timeout": "3600s"}, "longer-or-pings"),
            )
            break


def _locations(nginx: Nginx, path: str, is_asked: bool) -> Iterator[LocationMatch]:
    """Yield the locations that pass a WebSocket on, from the visitors' block to the last one."""
    yield from nginx.location_matches(path)
    if is_asked:
        # Imported late: few runs have such a message.
        from checks.upstream._hops import nginx_locations

        yield from nginx_locations(nginx.evidence, path)
