"""Traefik's provider of Docker is refused by the engine: it asks in version 1.24 of the API, and
Docker since version 29 answers 1.44 and newer alone. Traefik has no router of a container then, and
answers "404 page not found". Traefik takes the engine's version since 3.6.1 and 2.11.31
(https://github.com/traefik/traefik/issues/12253).

The message is pasted: it may be older than what runs, and so the claim is likely.
"""

import re
from collections.abc import Iterator

from checks.listener._compose_edits import compose_steps, up_commands
from checks.listener._containers import compose_words
from checks.server import ServerView, manual_fix, pages_with_status, server_view
from checks.server.traefik_no_router import BODY
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    commands,
)
from diagnose.model.containers import Container, Containers
from diagnose.model.http import Exchange
from diagnose.model.traefik import TraefikState
from diagnose.model.web_servers import WebServer
from diagnose.parsers.lazy_pattern import lazy_pattern

_TOO_OLD = lazy_pattern(
    r"client version (1\.\d{1,3}) is too old\. Minimum supported API version is (1\.\d{1,3})"
)
#: An image of Traefik: its name, the mark of a version, its numbers, and what follows.
_IMAGE = re.compile(r"((?:[\w.-]+/)*traefik:v?)([23])(?:\.(\d{1,2}))?(?:\.(\d{1,3}))?(-[\w.-]+)?")
#: The first minor versions, by the major one, of which a patch takes the engine's version.
_TAKES = {"2": 11, "3": 6}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, TraefikState, Exchange],
    needs_message=True,
    explains=["server.traefik-no-router", "server.traefik-default-certificate",
              "server.application-answers", "server.page-missing", "websocket.no-location",
              "websocket.not-upgraded"],
)  # fmt: skip
def traefik_too_old(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    too_old = _TOO_OLD.search(target.symptom.text[:4000]) if target.symptom else None
    state = next(iter(evidence.good(TraefikState)), None)
    pages = [page for page in pages_with_status(evidence, 404) if BODY.match(page.body)]
    if too_old is None or view is None or state is None or not pages:
        return
    if view.server.product != "traefik":
        return
    container = _own_container(view)
    image = _newer_image(container.image) if container else ""
    subject = Subject(port=target.port, path=target.path)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(state, view.server, *pages),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "asked": too_old[1],
            "wanted": too_old[2],
            "container": container.name if container else "",
            "image": container.image if container else "",
            "newer": image,
        },
        fix=_fix(view, container, image) or manual_fix(view, "take-a-newer-image"),
    )


def _own_container(view: ServerView) -> Container | None:
    lists = (
        container
        for containers in view.evidence.good(Containers)
        for container in containers.running
    )
    return next((each for each in lists if each.name == view.server.container), None)


def _newer_image(image: str) -> str:
    """Return the image of the same major version that takes the engine's version; the same for a
    tag that has got such a version since it was pulled; "" if it is not known."""
    match = _IMAGE.fullmatch(image)
    if match is None:
        return ""
    head, major, minor, _, rest = match.groups()
    least = _TAKES[major]
    if minor is None or (int(minor) >= least and match[4] is None):
        return image
    return f"{head}{major}.{least}{rest or ''}" if int(minor) <= least else ""


def _fix(view: ServerView, container: Container | None, image: str) -> Fix | None:
    """Return the edit of the compose file, or the pull of a tag that moves, and the container made
    anew."""
    if container is None or not image:
        return None
    if image == container.image:
        pull, up = compose_words(container, "pull"), up_commands(container)
        return Fix((commands.pull_image(pull), *up), Applicability.REVIEW) if pull else None

    def change(text: str, service: str) -> str:
        from diagnose.parsers.compose_edits import with_image

        return with_image(text, service, container.image, image)

    made = compose_steps(view.evidence, (container, change))
    return Fix(made, Applicability.REVIEW) if made else None
