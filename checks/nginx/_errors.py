"""Errors of `nginx -t` and of failed starts and reloads, and the claims that explain them."""

import re
from collections.abc import Iterable, Iterator, Mapping

from checks.nginx import Nginx, file_line
from checks.nginx._stale_config import refused_config_severity
from diagnose.model import Claim, Fix, Observation, Subject
from diagnose.model.files import NginxStart
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, TestMessage
from diagnose.model.server import Listeners
from diagnose.parsers.nginx import config as nginx_parser

#: Consequences if nginx cannot load a certificate or its key: it continues with the old ones.
STALE_CONFIG_SYMPTOMS = (
    "nginx.reload-failed",
    "nginx.reload-needed",
    "certificate.renewed-not-loaded",
)

#: How nginx ends after it tried five times to open a port; the lines before say which.
_IN_VAIN = "still could not bind()"

#: What visitors see if nginx does not run.
NOT_RUNNING_SYMPTOMS = (
    "listener.missing",
    "tcp.refused",
    "http.port-closed",
    "http.origin-at-fault",
    "http.server-error",
)


def find_config_error(nginx: Nginx, pattern: str) -> tuple[TestMessage, re.Match[str]] | None:
    """Return the fatal error of nginx -t and the match, if `pattern` matches at its beginning;
    otherwise None."""
    message = nginx.test.fatal if nginx.test and not nginx.test.passed else None
    match = re.match(pattern, message.text) if message else None
    return (message, match) if message and match else None


def find_startup_error(
    nginx: Nginx, pattern: str
) -> tuple[TestMessage, re.Match[str], tuple[Observation, ...]] | None:
    """Return the error that stops nginx, the match and its evidence; None if no error matches
    `pattern`.

    The error comes from nginx -t or, because that runs as another user and outside the service,
    from the last failed start or reload.
    """
    if config_error := find_config_error(nginx, pattern):
        return *config_error, (nginx.test,) if nginx.test else ()
    for message, observation in failed_starts(nginx):
        if match := re.match(pattern, message.text):
            return message, match, (observation,)
    return None


def failed_starts(nginx: Nginx) -> Iterator[tuple[TestMessage, Observation]]:
    """Yield the last error of a failed start or reload, with the observation that has it.

    For a running master, a log line counts only if it is the master's own and later than its
    loaded configuration. If nginx does not run, it counts only if nothing was logged after it.
    """
    port = nginx.evidence.target.port
    if not nginx.master and any(listeners.on(port) for listeners in nginx.evidence.good(Listeners)):
        return  # Another program holds the port now.
    for start in () if nginx.master else nginx.evidence.good(NginxStart):
        errors = [
            message
            for message in start.messages
            if message.level == "emerg" and message.text != _IN_VAIN
        ]
        yield from ((message, start) for message in errors[-1:])
    lines = sorted(nginx.evidence.of(LogLine), key=lambda line: line.when)
    emerg = [line for line in lines if line.level == "emerg"]
    if master := nginx.master:
        since = int(master.loaded or 0.0)
        emerg = [line for line in emerg if line.pid == master.pid and line.when >= since]
    elif emerg and any(line.when > emerg[-1].when for line in lines):
        return
    named = [line for line in emerg if line.text != _IN_VAIN] or emerg
    if named and nginx.state:
        yield TestMessage("emerg", named[-1].text), named[-1]


@frozen(eq=False)
class ConfigFault:
    """What an error of nginx is about: its message, the subject, and what a check knows beside it.

    `directive` is the faulty one; without it the place is the one in the message.
    """

    message: TestMessage
    subject_text: str
    facts: Mapping[str, object]
    directive: Directive | None = None
    observations: Iterable[Observation] = ()


def config_error_claim(nginx: Nginx, fault: ConfigFault, fix: Fix) -> Claim:
    """Make a claim that explains an error of nginx -t.

    The fact `running` says whether nginx continues with its loaded configuration. If visitors see
    no fault yet, it is a warning.
    """
    message, directive = fault.message, fault.directive
    location = nginx.location(directive) if directive else None
    if location is None and message.file and message.line and nginx.config:
        file = nginx.config.file(message.file)
        location = nginx_parser.source_location(file, message.line) if file else None
    all_observations = (nginx.test, nginx.config, *fault.observations)
    return Claim(
        about=Subject(text=fault.subject_text),
        because=tuple(observation for observation in all_observations if observation is not None),
        facts={
            "message": message.text,
            "place": f"{message.file}:{message.line}" if message.file else "",
            "running": bool(nginx.master),
            **({"place": file_line(directive)} if directive else {}),
            **fault.facts,
        },
        severity=refused_config_severity(nginx),
        location=location,
        fix=fix,
    )


def directive_at(nginx: Nginx, file: str | None, line: int | None, name: str) -> Directive | None:
    """Return the directive of this name at a place that nginx reports. nginx reports the line
    on which a directive ends."""
    for directive in nginx_parser.walk(nginx.config.main if nginx.config else ()):
        config_file = nginx.file(directive)
        if directive.name == name and directive.file == file and config_file and line is not None:
            last_line = directive.line + config_file.text.count(
                "\n", directive.start, directive.opened or directive.stop
            )
            if directive.line <= line <= last_line:
                return directive
    return None
