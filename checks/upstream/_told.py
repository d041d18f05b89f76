"""Faults that a person's message tells and that the run's own request does not meet: it sends no
message to a chat, and no field of an application. What the message says is put to the
configuration."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of


def told_text(evidence: Evidence, pattern: re.Pattern[str]) -> str:
    """Return the message if it is about this; "" if not, or if there is none."""
    symptom = evidence.target.symptom
    return symptom.text if symptom is not None and pattern.search(symptom.text) else ""


def passed_paths(evidence: Evidence) -> Iterator[tuple[Nginx, LocationMatch, str]]:
    """Yield the locations that pass on the page, or what its scripts ask for, each once with the
    first of its paths."""
    nginx = Nginx.of(evidence)
    readers: list[Page | PageFileResponse] = [
        *evidence.good(Page),
        *evidence.good(PageFileResponse),
    ]
    asked = [path for reader in readers for path in (*reader.sent_paths, *reader.data_paths)]
    seen: set[int] = set()
    for path in dict.fromkeys((evidence.target.path.partition("?")[0], *asked)):
        for match in nginx.location_matches(path.partition("?")[0]):
            if proxy_pass_of(match) is not None and id(match.block) not in seen:
                seen.add(id(match.block))
                yield nginx, match, path
