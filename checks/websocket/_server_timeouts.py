"""A timeout of Apache or HAProxy that cuts idle WebSockets, and the claim about it."""

from checks.server import ServerView
from checks.websocket import asks_about_closing
from diagnose.model import Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade


@frozen
class ServerTimeout:
    """A timeout for open WebSockets at a path, shorter than usual or told by the user: in seconds,
    with the line "file:line" that sets it, the fix, and the WebSockets that were accepted there.
    `unseen` is the severity where no cut was seen and the user did not report one, None for that of
    the check. `port` is the visitors' one, 0 where that is the view's."""

    view: ServerView
    path: str
    seconds: float
    place: str
    accepted: tuple[Upgrade, ...]
    fix: Fix
    unseen: Severity | None = None
    port: int = 0

    def claim(self, is_seen: bool) -> Claim:
        """Claim that it cuts idle WebSockets; `is_seen` is True if one was cut at that time."""
        view, port = self.view, self.port or self.view.evidence.target.port
        return Claim(
            about=Subject(port=port, path=self.path, text=self.place),
            covers=(Subject(port=port, path=self.path),),
            because=(*((view.config,) if view.config else ()), *self.accepted),
            # Nobody waited to see whether the application itself sends often enough.
            confidence=Confidence.CERTAIN if is_seen else Confidence.LIKELY,
            severity=None
            if is_seen or asks_about_closing(view.evidence, self.seconds)
            else self.unseen,
            facts={
                "url": self.accepted[0].url,
                "path": self.path,
                "seconds": round(self.seconds),
                "server": view.server.title,
                "place": self.place,
                "default": False,
                "seen": is_seen,
                "probe": round(self.seconds + 10),
                "direct_holds": False,
                "minute": False,
            },
            fix=self.fix,
        )


def accepted_at(evidence: Evidence, path: str) -> tuple[Upgrade, ...]:
    """Return the WebSockets at a path of the site's own URL that were accepted."""
    return tuple(
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.path == path and upgrade.through == "front" and upgrade.accepted
    )
