"""One fault, and what has to be said about it; or an oddity about which nothing is to be said.

    @scenario(outside="tcp.rejected-by-host", server="firewall.port-closed")
    def https_closed_in_firewalld(lab: Lab) -> None:
        ...

`outside` is the root cause named from the client, `server` the one named on the server: the same
unless given, None where that side sees nothing wrong. `both` is the one named from the client with
the server looked into over SSH: that of the server, or of the outside where the server sees
nothing wrong, unless given. After the fault the remedy is carried out as printed, by the report
of the side that `heals`; `manual` says why it cannot be. `not_on` names platforms on which it makes
no sense ("panel", "built-*"), each with the reason.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from . import scenarios, site
from .hosts import REPOSITORY
from .lab import Lab
from .platforms import Platform

Apply = Callable[[Lab], None]
Side = Literal["client", "server", "both"]
SAME = "the same"
FOUND: dict[str, "Scenario"] = {}


def _page(check: str) -> Path:
    layer, _, name = check.partition(".")
    return REPOSITORY / "checks" / layer / f"{name.replace('-', '_')}.py"


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    apply: Apply
    outside: str | None
    server: str | None
    layer: str
    target: str = f"https://{site.NAME}/"
    args: tuple[str, ...] = ()
    ipv6: bool = False
    heals: Side = "server"
    manual: str = ""  # why nobody can carry the remedy out here
    differs: tuple[str, ...] = ()  # what the cure may leave otherwise than it was
    also: tuple[str, ...] = ()  # further root causes that may be named
    besides: tuple[str, ...] = ()  # those that the server names behind the first, in this order
    seen_besides: tuple[str, ...] = ()  # and those named from the client
    needs: Callable[[], str] = lambda: ""  # why it cannot be played here
    both: str | None = SAME
    unsure: tuple[Side, ...] = ()  # who sees nothing wrong, and no site that works either
    keeps: tuple[str, ...] = ()  # what an undo cannot bring back
    not_on: Mapping[str, str] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        return self.outside is None and self.server is None

    @property
    def expected(self) -> dict[Side, str | None]:
        both = (self.server or self.outside) if self.both == SAME else self.both
        return {"client": self.outside, "server": self.server, "both": both}

    def right(self, side: Side) -> list[str]:
        """The root causes that this side names, the most important first."""
        more = self.seen_besides if side == "client" else self.besides
        return [cause for cause in (self.expected[side], *more) if cause]

    def obstacle(self) -> str:
        """Why it cannot be played, here or yet; empty when it can."""
        checks = dict.fromkeys(check for check in self.expected.values() if check)
        unwritten = [check for check in checks if not _page(check).exists()]
        return self.needs() or " and ".join(f"{check} is not written yet" for check in unwritten)

    def obstacle_on(self, platform: Platform) -> str:
        """Why it makes no sense there; empty when it does."""
        reasons = (why for names, why in self.not_on.items() if fnmatch(platform.name, names))
        return next(reasons, "")

    @property
    def words(self) -> str:
        return " ".join((self.apply.__doc__ or "").split())

    def __str__(self) -> str:
        return self.name


#: Where nginx has no module but those that somebody chose.
BARE = dict.fromkeys(("built-*", "panel"), "its nginx is built without that module")

#: Where nginx writes no error of a request, what only its log tells stays unknown.
UNLOGGED = {"panel": "its error log has the level crit"}


def scenario(
    *,
    outside: str | None,
    server: str | None = SAME,
    layer: str = "",
    target: str = f"https://{site.NAME}/",
    args: tuple[str, ...] = (),
    ipv6: bool = False,
    heals: Side = "server",
    manual: str = "",
    differs: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    besides: tuple[str, ...] = (),
    seen_besides: tuple[str, ...] = (),
    needs: Callable[[], str] = lambda: "",
    both: str | None = SAME,
    unsure: tuple[Side, ...] = (),
    keeps: tuple[str, ...] = (),
    not_on: Mapping[str, str] | None = None,
) -> Callable[[Apply], Apply]:
    on_server = outside if server == SAME else server

    def register(apply: Apply) -> Apply:
        name = apply.__name__
        if name in FOUND:
            raise ValueError(f"two scenarios are called {name}")
        asked = args
        if not args and (on_server or "").startswith("websocket."):
            asked = ("--ws", "/ws")
        its_layer = layer or (on_server or outside or "healthy").partition(".")[0]
        FOUND[name] = Scenario(
            name, apply, outside, on_server, its_layer, target, asked, ipv6, heals, manual,
            differs, also, besides, seen_besides, needs, both, unsure, keeps, not_on or {},
        )  # fmt: skip
        return apply

    return register


def healthy(
    *,
    target: str = f"https://{site.NAME}/",
    args: tuple[str, ...] = (),
    ipv6: bool = False,
    needs: Callable[[], str] = lambda: "",
    unsure: tuple[Side, ...] = (),
    not_on: Mapping[str, str] | None = None,
) -> Callable[[Apply], Apply]:
    """Odd, but nothing is wrong with it: no finding above note, from either side."""
    return scenario(
        outside=None, server=None, target=target, args=args, ipv6=ipv6, needs=needs,
        unsure=unsure, not_on=not_on,
    )  # fmt: skip


def found() -> dict[str, Scenario]:
    """All scenarios of all files in the folder, by name."""
    for module in pkgutil.iter_modules(scenarios.__path__):
        importlib.import_module(f"{scenarios.__name__}.{module.name}")
    return FOUND
