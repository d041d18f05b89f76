"""The server's own test refuses the configuration on disk. A running server keeps what it loaded; a
stopped one cannot start."""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    place_text,
    refused_config_severity,
    reload_steps,
    server_view,
    test_steps,
)
from checks.server._apache_comments import comment_apart
from checks.server._apache_loading import LoadingMistake, loading_mistake, mistake_facts
from checks.server._apache_modules import loading_fix, modules_of_directive, modules_of_sessions
from checks.server._apache_slips import NO_SLIPS, apache_correction
from checks.server._corrected_words import NO_WORDS, correct_word
from checks.server._haproxy_refused import NO_CORRECTION, Correction, correction
from checks.server._odd_characters import NO_CHARACTERS, odd_correction
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.web_servers import WebServer, WebServerTest
from diagnose.parsers.caddy.mistakes import known_mistake

#: Apache's words for directives of mod_access_compat.
_OLD_ACCESS = re.compile(r"(?i)Invalid command '(?:Order|Allow|Deny|Satisfy)'")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerTest],
    explains=[
        "server.not-running",
        "listener.missing",
        "tcp.refused",
        "server.port-not-served",
        "server.certificate-not-loaded",
    ],
)
def config_invalid(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    if view is None or view.test is None or view.test.passed:
        return
    test, server = view.test, view.server
    running = server.pid is not None
    place = place_text(test.file, test.line)
    modules = _missing_modules(view, test)
    corrected = (
        odd_correction(view, test)
        or correction(view, test)
        or comment_apart(view, test)
        or apache_correction(view, test)
        or correct_word(view, test)
        or _unnamed(view, test)
    )
    mistake = loading_mistake(view, test)
    yield Claim(
        about=Subject(text=place or server.config),
        covers=(Subject(),),
        because=(test, server),
        facts={
            **view.facts,
            "message": test.message,
            "file": test.file or server.config,
            "line": test.line,
            "place": place,
            "running": running,
            "test": " ".join(server.test),
            "modules": modules,
            **NO_CHARACTERS,
            **NO_CORRECTION,
            **NO_WORDS,
            **NO_SLIPS,
            "comment": "",
            "own_certificate": "",
            **({corrected.fact: corrected.value} if corrected else {}),
            "corrected": corrected is not None,
            **_mistake_facts(view, test),
            **_apache_facts(view, test),
            **mistake_facts(mistake),
            "loading": mistake is not None,
            "missing": test.missing,
            "former": test.former,
            "brought_back": _former(test),
        },
        severity=refused_config_severity(view),
        fix=_fix(view, modules, corrected, mistake),
    )


def _unnamed(view: ServerView, test: WebServerTest) -> Correction | None:
    if view.server.product != "haproxy":
        return None
    # Imported late: few lines of TLS are without a certificate.
    from checks.server._stored_tls import unnamed_correction

    return unnamed_correction(view, test)


def _former(test: WebServerTest) -> str:
    """Return the only file that may have been the missing one; "" for none or several."""
    return test.former[0] if test.missing and len(test.former) == 1 else ""


def _mistake_facts(view: ServerView, test: WebServerTest) -> dict[str, object]:
    """Return what the word is that Caddy does not know, and what it has in its place."""
    mistake = known_mistake(test.message) if view.server.product == "caddy" else None
    kinds = ("address", "site", "old", "needless", "transport", "plugin", "foreign", "twice")
    return {
        **{kind: mistake is not None and mistake.kind == kind for kind in kinds},
        "word": mistake.word if mistake else "",
        "wanted": mistake.wanted if mistake else "",
        "grpc": mistake is not None and mistake.word in {"grpc", "h2c"},
    }


def _apache_facts(view: ServerView, test: WebServerTest) -> dict[str, object]:
    """Return whether the line is of Apache 2.2, and says who may see something."""
    is_apache = view.server.product == "apache"
    return {"old_access": is_apache and bool(_OLD_ACCESS.match(test.message))}


def _missing_modules(view: ServerView, test: WebServerTest) -> tuple[str, ...]:
    """Return the modules of Apache that bring the directive that is unknown; () if that is not the
    mistake, or if one of them is loaded already."""
    if view.config is None or view.server.product != "apache":
        return ()
    match = re.match(r"Invalid command '(\w{1,100})'", test.message)
    modules = modules_of_directive(match[1]) if match else modules_of_sessions(test.message)
    return () if set(modules) & set(view.config.modules) else modules


def _fix(
    view: ServerView,
    modules: tuple[str, ...],
    corrected: Correction | None,
    mistake: LoadingMistake | None,
) -> Fix:
    server = view.server
    load = reload_steps(server)[1:]
    loading = loading_fix(view, modules, (*test_steps(server), *load))
    if loading:
        return loading
    if view.test and (former := _former(view.test)):
        back = commands.move(former, view.test.missing)
        return Fix((back, *test_steps(server), *load), Applicability.REVIEW)
    if corrected:
        return Fix((*corrected.edits, *test_steps(server), *load), Applicability.REVIEW)
    if mistake and mistake.steps:
        return Fix((*mistake.steps, *test_steps(server), *load), Applicability.REVIEW)
    load = () if server.pid is not None else load
    correct = Manual("correct", Where.SERVER)
    return Fix((correct, *test_steps(server), *load), Applicability.MANUAL)
