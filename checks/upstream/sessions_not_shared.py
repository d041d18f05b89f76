"""The servers of a group take turns, and each knows only the sessions that it has begun itself. A
visitor who has logged in at one of them is a stranger at the next request
(ngx_http_upstream_module, "ip_hash", "hash", "sticky").

The evidence is a session that was begun at one server: that server knew it before and afterwards,
and the second one began another in its place.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._sticky_groups import sticky_fix, unsticky_group_of
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, merge_subjects
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import SessionTrial
from diagnose.parsers.http import hops


@check(severity=Severity.WARNING, needs=[SessionTrial, NginxConfig])
def sessions_not_shared(evidence: Evidence) -> Iterator[Claim]:
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    for trial in evidence.good(SessionTrial):
        group = unsticky_group_of(nginx, trial.path)
        if trial.is_kept or group is None or not pages:
            continue
        subjects = endpoint_subjects(pages)
        # With ip_hash all visitors behind one address reach one server: wrong behind a CDN.
        is_direct = not any(hops(page.headers) for page in pages)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(trial, *nginx.configs),
            location=nginx.location(group),
            facts={
                "group": group.args[0],
                "place": file_line(group),
                "cookie": trial.cookie,
                "path": trial.path,
                "own": trial.own,
                "other": trial.other,
            },
            fix=sticky_fix(nginx, group, is_direct),
        )
