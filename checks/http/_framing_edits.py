"""The lines that let one other site show a page in a frame, where a message or `--origin` names it.

Browsers that know `frame-ancestors` leave X-Frame-Options out of account where an answer has both
(CSP level 3, section 6.4.2), so that a policy beside the application's own is enough. Who may show
a page stays a person's choice."""

import re

from checks.http._added_fields import added_fields_fix
from checks.http._policies import field_directive
from checks.http._sent_fields import SentField
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.server._scoped_fields import folder_of
from diagnose.model import Command, Edit, Evidence, Fix, Manual
from diagnose.model.http import Exchange
from diagnose.parsers.content_security_policy import frame_ancestors, with_directive
from diagnose.parsers.error_messages import is_documentation
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import edits

_POLICY, _OPTIONS = "Content-Security-Policy", "X-Frame-Options"
#: The origin of a page in a message, or in the field of a request.
_ORIGIN = lazy_pattern(
    r"\b(https?://([A-Za-z0-9.-]{1,253})(?::\d{1,5}(?![\d:]))?)([^\s'\"<>]{0,500})"
)
_SENT = lazy_pattern(r"-H '?Origin: (https?://[A-Za-z0-9.:-]{1,260})(?:['\s]|$)")
_PLAIN_SOURCES = re.compile(r"[\w ./:*'-]{0,300}", re.ASCII)


def framing_origin(evidence: Evidence, page: Exchange) -> str:
    """Return the origin of the one other site that shows the page; "" where nothing names one. A
    policy that a message quotes names no such site."""
    if (sent := _SENT.search(page.equivalent)) and evidence.target.host not in sent[1]:
        return sent[1]
    symptom, host = evidence.target.symptom, evidence.target.host
    if symptom is None or "ancestor violates" in symptom.text:
        return ""
    origins = {
        match[1]
        for match in _ORIGIN.finditer(symptom.text)
        if match[2] != host and not _is_reference(match)
    }
    return origins.pop() if len(origins) == 1 else ""


def _is_reference(match: re.Match[str]) -> bool:
    """Return whether a URL is that of a page about the message, or of the script that a console
    names before it."""
    return is_documentation(match[0]) or re.search(r"\.m?js(?:[:?]|$)", match[3]) is not None


def framing_commands(
    evidence: Evidence, page: Exchange, sent: SentField | None, ancestors: str, origin: str
) -> tuple[Command | Edit, ...]:
    """Return the commands after which that site may show the page, and whoever might before; ()
    where the configuration does not show one place for them. `sent` is the line of the policy that
    has `ancestors` already."""
    fix = None
    if origin and ancestors:
        fix = _longer_list(sent, origin) if sent else None
    elif origin:
        policy = f"frame-ancestors 'self' {origin}"
        fix = _in_place_of_options(evidence, policy) or _beside_options(evidence, page, policy)
    steps = fix.steps if fix else ()
    return tuple(step for step in steps if not isinstance(step, Manual))


def opening_commands(
    evidence: Evidence, page: Exchange, sent: SentField | None
) -> tuple[Command | Edit, ...]:
    """Return the commands after which every site may show the page, where nothing names the one
    that is meant to; () where the configuration does not show one place for them. `sent` is the
    server's own line of X-Frame-Options, None if the application sends the field."""
    # Imported late: few messages are about frames.
    from checks.http._field_overrides import hiding_fix

    fix = sent.without() if sent else hiding_fix(evidence, page, _OPTIONS)
    return tuple(step for step in (fix.steps if fix else ()) if not isinstance(step, Manual))


def _longer_list(sent: SentField, origin: str) -> Fix | None:
    sources = frame_ancestors(sent.value)
    if not _PLAIN_SOURCES.fullmatch(sources):
        return None
    kept = sources if sources.strip("' ").lower() not in {"none", ""} else "'self'"
    policy = with_directive(sent.value, f"frame-ancestors {kept} {origin}")
    return sent.with_value(policy) if policy else None


def _in_place_of_options(evidence: Evidence, policy: str) -> Fix | None:
    """Return the edit of nginx's own line of X-Frame-Options."""
    nginx = Nginx.of(evidence)
    directive = field_directive(nginx, "x-frame-options")
    if directive is None:
        return None
    line = " ".join(("add_header", _POLICY, f'"{policy}"', *directive.args[2:]))
    change = edits.replace_directive(directive, f"{line};")
    file_edits = config_edits(nginx, {directive.file: [change]})
    return Fix((*file_edits, *reload_steps(nginx))) if file_edits else None


def _beside_options(evidence: Evidence, page: Exchange, policy: str) -> Fix | None:
    """Return the edit that sends the policy beside what the application sends: in nginx a second
    policy, which the first one stays beside; in another server only where there is none yet."""
    is_nginx = Nginx.of(evidence).config is not None
    if not is_nginx and page.header(_POLICY) is not None:
        return None
    scope = folder_of(evidence.target.path_without_query)
    value = f'"{policy}"' if is_nginx else policy
    return added_fields_fix(evidence, scope, {_POLICY: value})
