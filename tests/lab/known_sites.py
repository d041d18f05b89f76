"""The laboratory's site with a known application behind nginx, and lines of its documentation."""

from collections.abc import Callable

from . import site
from .lab import Lab
from .scenario import healthy, scenario

MINE = (site.CONF,)
#: The location of all pages, and what its documentation adds for a WebSocket.
PASSES = "    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
UPGRADE = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)
HEADERS = "websocket.upgrade-headers-missing"
TOO_LARGE = "413 Request Entity Too Large"

Act = Callable[[Lab], None]


def serve(lab: Lab, name: str) -> None:
    """Put an application of `tests.lab.applications.known_applications` behind nginx."""
    service = lab.application_service
    service.ready = lambda: lab.server.listening(3000)
    service.argv = lab.server.application("known_server", name, "3000")
    service.restart()


def pass_upgrades(lab: Lab) -> None:
    lab.edit(PASSES, PASSES + UPGRADE)


def upload_limit(size: str) -> Act:
    """Return what sets the limit of an upload."""

    def raise_limit(lab: Lab) -> None:
        lab.edit(PASSES, f"{PASSES}    client_max_body_size {size};\n")

    return raise_limit


def played(name: str, what: str, words: str, *acts: Act) -> Act:
    """Return the fault, or the state, of a scenario about an application."""

    def apply(lab: Lab) -> None:
        serve(lab, name)
        for act in acts:
            act(lab)
        lab.reload()

    apply.__name__, apply.__doc__ = f"{name.replace('-', '_')}_{what}", words
    return apply


def upgrade_scenarios(
    name: str,
    outside: str | None,
    words: str,
    *acts: Act,
    endings: tuple[str, str] = ("upgrade_not_passed", "upgrade_passed"),
    manual: str = "",
) -> None:
    """Declare the scenario of an application whose WebSocket nginx does not upgrade, and its
    healthy twin. `outside` is what a visitor's request for its page shows of it, `words` what the
    visitor sees, `endings` their names behind the application's."""
    lost, kept = endings
    scenario(
        outside=outside, server=HEADERS, args=("--timeout", "20"), differs=MINE, manual=manual
    )(played(name, lost, words, *acts))
    healthy(args=("--timeout", "20"))(
        played(name, kept, "As its documentation says.", *acts, pass_upgrades)
    )


def upload_scenarios(
    name: str, words: str, size: str, endings: tuple[str, str], *acts: Act
) -> None:
    """Declare the scenario of a visitor's message about an upload that nginx limits, and its
    healthy twin."""
    limited, allowed = endings
    scenario(
        outside=None, server="nginx.documented-setting", differs=MINE, args=(TOO_LARGE,),
        also=("nginx.body-limit",),
    )(played(name, limited, words, *acts))  # fmt: skip
    healthy(args=(TOO_LARGE,))(
        played(name, allowed, "As its documentation says.", *acts, upload_limit(size))
    )
