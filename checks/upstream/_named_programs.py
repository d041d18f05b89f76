"""The location of nginx that passes on to the program which a pasted message names, where no page
of it was asked for."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.model.server import Listeners
from diagnose.parsers.applications import application_ids, application_of
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import all_locations, location_pattern

_WORD = re.compile(r"[A-Za-z][\w.-]{2,40}")
_MAX_WORDS = 60


def path_of_program(nginx: Nginx, words: str, usual: str = "") -> str:
    """Return the path of the one location that passes on to the program which the words name, by
    its process or by the location's own path; "" if there is none, or several. `usual` is the
    program that has these words, where they name none."""
    names = {word.lower().strip(".-") for word in _WORD.findall(words[:2000])[:_MAX_WORDS]}
    named = names & set(application_ids()) or ({usual} if usual else set())
    if len(named) != 1:
        return ""
    paths = set(_paths(nginx, named.pop()))
    return paths.pop() if len(paths) == 1 else ""


def _paths(nginx: Nginx, application_id: str) -> Iterator[str]:
    application = application_of(application_id)
    commands = {application_id, *(application.recognized.command if application else ())}
    variables = upstreams.request_variables(nginx.evidence.target)
    for selection in nginx.answering_servers():
        for match in all_locations(selection.server):
            pattern = location_pattern(match.block)
            target = upstreams.proxy_target_of(match, variables)
            if pattern is None or target is None or pattern.modifier not in {"", "^~"}:
                continue
            ports = {endpoint.port for endpoint in target.endpoints if not endpoint.socket}
            processes = {
                socket.process
                for listeners in nginx.evidence.good(Listeners)
                for port in ports
                for socket in listeners.on(port)
            }
            if processes & commands or application_id in pattern.text.lower().split("/"):
                yield pattern.text
