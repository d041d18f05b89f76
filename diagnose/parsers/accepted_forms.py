"""Select from an access log the forms of the site's pages that are accepted again: each was
refused, and its last answer is no error. No I/O."""

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
    lines: Iterable[AccessLine], file: str, names: Collection[str], is_shared: bool
) -> tuple[AcceptedForm, ...]:
    """Return the forms that were refused before and are accepted now, the last first. `names` and
    `is_shared` are those of `failed_requests`."""
    refused = set[tuple[str, str, str]]()
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
        elif key in refused and 200 <= line.status < 400:
            accepted[key] = AcceptedForm(
                vantage=Vantage.SERVER,
                file=file,
                path=line.path,
                status=line.status,
                written=line.written,
            )
    return tuple(reversed(accepted.values()))[:MAX_PATHS]
