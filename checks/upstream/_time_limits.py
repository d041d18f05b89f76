"""The program's own limit of time that ended a request: the line that was read, and the edit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from checks.nginx import Nginx
from checks.upstream._gateways import read_timeout_of
from diagnose.model import Evidence, Fix
from diagnose.model.applications import ReadSetting
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.time_limits import settings_limits, source_limits, unit_limits

#: Seconds that are written where nginx waits no longer than the program: what the request needs is
#: not known.
_USUAL = 300


def time_limits(evidence: Evidence) -> tuple[ReadSetting, ...]:
    """Return the limits of the program that are as long as the request took."""
    return tuple(
        read
        for read in evidence.good(ReadSetting)
        if read.application == "program" and read.topic == "timeout"
    )


def raised(read: ReadSetting, patience: float) -> ReadSetting:
    """Return the limit with the seconds that nginx waits, so that nginx's time is up first."""
    limits = (
        *source_limits(read.line),
        *settings_limits(read.line),
        *settings_limits(read.line, is_python=True),
        *unit_limits(f"\n{read.line}"),
    )
    limit = next((each for each in limits if each.key == read.key), None)
    own = float(read.values[0]) if read.values else 0.0
    wanted = int(patience) if patience > own else _USUAL
    if limit is None:
        return read
    return replace(read, new=limit.raised(wanted), wanted=str(wanted))


def patience_of(evidence: Evidence) -> float:
    """Return how long nginx waits for the answer of the page's application, 0 without nginx."""
    nginx = Nginx.of(evidence)
    match = next(iter(nginx.location_matches(evidence.target.path)), None)
    directive = pass_directive_of(match) if match else None
    if match is None or directive is None:
        return 0.0
    return read_timeout_of(match, directive.name.removesuffix("_pass")).patience


def raising_fix(limits: Sequence[ReadSetting], patience: float) -> Fix | None:
    """Return the edit of the program's own limit and its restart; None if no limit is known."""
    if not limits:
        return None
    # Imported late: few requests are ended by a limit that was found.
    from checks.upstream._setting_fixes import setting_fix

    return setting_fix([raised(limits[0], patience)], "raise-the-limit")


def limit_facts(limits: Sequence[ReadSetting], patience: float) -> Mapping[str, object]:
    read = raised(limits[0], patience) if limits else None
    return {
        "limit": read.values[0] if read else "",
        "limit_key": read.key if read else "",
        "limit_place": read.place if read else "",
        "limit_wanted": read.wanted if read else "",
        "limit_default": bool(read and read.key not in read.line),
        "limit_unit": read.unit if read else "",
        "limit_process": read.process if read else "",
    }
