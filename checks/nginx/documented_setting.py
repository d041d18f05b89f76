"""The documentation of the site's application asks nginx for something that nginx does not do: a
larger `client_max_body_size`, `proxy_buffering off` for a stream, a longer `proxy_read_timeout`, a
field, the path as the visitor wrote it, or an answer below /.well-known/.

The page opens without. It is a note, unless a pasted message or the access log says that it is
missed (413, 504, the application's own words). The facts are those of `diagnose/applications`.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._known_application import recognized_application
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._documented import (
    Gap,
    gaps,
    is_needed,
    reported_topic,
)
from checks.nginx._edits import Changes, config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._location_edits import header_lines, insert_lines, location_fix
from checks.nginx._page_errors import logged_errors
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.applications import KnownApplication
from diagnose.model.http import page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children

_TOO_LARGE = "client intended to send too large"
_STATUSES = {"upload": 413, "timeout": 504}


@check(
    severity=Severity.NOTE,
    needs=[NginxConfig, KnownApplication],
    explains=["nginx.body-limit", "nginx.other-requests-failed"],
)
def documented_setting(evidence: Evidence) -> Iterator[Claim]:
    nginx, pair = Nginx.of(evidence), recognized_application(evidence)
    if pair is None or nginx.config is None:
        return
    known, application = pair
    lacking = list(gaps(nginx, known.folder, application))
    topic, symptom = reported_topic(evidence), evidence.target.symptom
    is_told = topic is not None or (symptom is not None and symptom.kind == "application")
    missed = [gap for gap in lacking if gap.topic == topic or _failures(evidence, gap)]
    if missed and missed[0].topic == "upload" and logged_errors(evidence, _TOO_LARGE):
        # upstream.body-too-large knows the size of the upload.
        return
    # What somebody has set to another value is a decision, as long as nobody misses it. Beside a
    # message that means something else, a note would look like its cause.
    wanted = [gap for gap in lacking if is_needed(evidence, gap) and not gap.is_set]
    # Without the fields the application mistakes itself for another site.
    if chosen := sorted(
        missed or (() if is_told else wanted), key=lambda gap: gap.topic != "field"
    ):
        yield _claim(nginx, known, chosen, is_missed=bool(missed))


def _failures(evidence: Evidence, gap: Gap) -> tuple[FailedRequests, ...]:
    """Return the requests of visitors that failed as they do without a line."""
    status = _STATUSES.get(gap.topic)
    return current_failures(evidence, {status}) if status else ()


def _claim(
    nginx: Nginx, application: KnownApplication, lacking: list[Gap], is_missed: bool
) -> Claim:
    evidence, block = nginx.evidence, lacking[0].match.block
    subject = Subject(port=evidence.target.port, path=application.folder, text=file_line(block))
    port = evidence.target.port
    failures = tuple(
        dict.fromkeys(failure for gap in lacking for failure in _failures(evidence, gap))
    )
    # What nobody misses leads to nothing.
    covers: tuple[Subject, ...] = (NO_PORT,)
    if is_missed:
        pages = endpoint_subjects(list(page_exchanges(evidence)))
        covers = (subject, *pages, *(Subject(port=port, path=failure.path) for failure in failures))
    return Claim(
        about=subject,
        covers=covers,
        because=(application, *nginx.configs, *failures),
        severity=Severity.WARNING if is_missed else None,
        confidence=Confidence.LIKELY,
        location=nginx.location(block),
        facts={
            "name": application.name,
            "lines": tuple(dict.fromkeys(gap.line for gap in lacking)),
            "first": lacking[0].line,
            "more": len({gap.line for gap in lacking}) - 1 or "",
            "place": file_line(block),
            "location": block.text,
            "missed": is_missed,
            **{
                topic: any(gap.topic == topic and not gap.is_upgrade for gap in lacking)
                for topic in _TOPICS
            },
            "upgrade": any(gap.is_upgrade for gap in lacking),
        },
        fix=_fix(nginx, lacking),
    )


_TOPICS = ("upload", "stream", "timeout", "field", "uri", "well_known")


def _fix(nginx: Nginx, lacking: list[Gap]) -> Fix:
    """Add the lines, if all belong to one location; a person reviews it, as it may serve more."""
    match = lacking[0].match
    is_together = all(gap.match.block is match.block for gap in lacking)
    changes: Changes = {}
    if is_together and all(gap.topic != "well_known" for gap in lacking):
        lines = []
        for gap in lacking:
            own = children(match.block, gap.directive)
            if gap.is_field:
                continue
            if own:
                change = edits.replace_directive(own[-1], gap.line)
                changes.setdefault(own[-1].file, []).append(change)
            else:
                lines.append(gap.line)
        fields = {gap.directive: gap.value for gap in lacking if gap.is_field}
        lines += header_lines(nginx, match, fields, changes) if fields else []
        insert_lines(nginx, match, lines, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("write-the-lines", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
