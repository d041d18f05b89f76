"""Select from an access log the forms of the site's pages that are accepted again: each was
refused, by the log or by a message that names its path, and its last answer is no error. No I/O."""

import re
from collections.abc import Collection, Iterable

from diagnose.model import Vantage
from diagnose.model.logs import AcceptedForm
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site

#: Maximum number of paths that are kept.
MAX_PATHS = 3
#: How applications refuse a form for its origin or its token (Django, Spring, Laravel, Rails,
#: Next.js).
REFUSALS = frozenset({400, 403, 419, 422, 500})


def accepted_forms(
    lines: Iterable[AccessLine],
    file: str,
    names: Collection[str],
    is_shared: bool,
    message: str = "",
    since: float = 0.0,
) -> tuple[AcceptedForm, ...]:
    """Return the forms that were refused before and are accepted now, the last first. `names` and
    `is_shared` are those of `failed_requests`. A form whose path `message` names is
    accepted if the log has it since a time (seconds since the epoch), and has no refusal of it."""
    refused, refused_paths = set[tuple[str, str, str]](), set[str]()
    accepted: dict[tuple[str, str, str], AcceptedForm] = {}
    for line in lines:
        page = host_of(line.referer)
        if line.method != "POST" or not is_of_site(line, names, is_shared, page in names):
            continue
        # The site's other name, or another site's page, has an origin of its own.
        key = line.path, line.host, page
        accepted.pop(key, None)
        if line.status in REFUSALS:
            refused.add(key)
            refused_paths.add(line.path)
            continue
        is_late = page in names and line.when >= since and line.path not in refused_paths
        is_told = is_late and _names_path(message, line.path)
        if (key in refused or is_told) and 200 <= line.status < 400:
            accepted[key] = AcceptedForm(
                vantage=Vantage.SERVER,
                file=file,
                path=line.path,
                status=line.status,
                written=line.written,
            )
    return tuple(reversed(accepted.values()))[:MAX_PATHS]


def _names_path(text: str, path: str) -> bool:
    """Return whether a message names a path, and not one that only begins or ends so."""
    if not text or len(path) < 2:
        return False
    return re.search(rf"(?<![\w.%-]){re.escape(path)}(?![\w/%-]|\.\w)", text) is not None
