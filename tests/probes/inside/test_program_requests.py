import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.pages import Page
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.server import Listener, Listeners
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import Product, WebServerConfig
from diagnose.probes.inside import program_requests as probes
from diagnose.probes.inside.program_logs import LOG_SCRIPT
from tests.parsers.test_program_requests import FIBER
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=404)
PROXY = Listener(address="0.0.0.0", port=443, family=4, pid=9, process="docker-proxy")
TOLD = Symptom("status", "413 Request Entity Too Large", number=413)
OUTPUT = f"process gomvn\nsource docker logs gomvn\n {FIBER}\n"


def look(
    symptom: Symptom | None, process: str = "docker-proxy", output: str = OUTPUT
) -> list[ProgramRefusal]:
    command = shlex.join(("sh", "-c", LOG_SCRIPT, "sh", str(probes.RECENT_SECONDS), "443"))
    result = CommandResult((), 0, output, "", 0.0)
    looking: Any = Looking(RecordedMachine({command: result}, {}))
    looking.target = replace(looking.target, symptom=symptom)
    listeners = looking.emit(Listeners(sockets=(replace(PROXY, process=process),)))
    probe: Any = probes.program_of_the_port
    asyncio.run(probe.work(looking, looking.emit(PAGE), listeners))
    return list(looking.observed(ProgramRefusal))


def test_the_log_of_a_container_after_a_message() -> None:
    (refusal,) = look(TOLD)
    assert (refusal.process, refusal.method, refusal.endpoint) == ("gomvn", "PUT", "443")
    assert refusal.equivalent == "docker logs gomvn"


def test_nothing_is_read_without_a_message_or_for_a_web_server() -> None:
    assert not look(None)
    assert not look(replace(TOLD, number=502))
    assert not look(TOLD, "nginx")


def test_the_words_of_a_framework_after_an_error_of_the_server() -> None:
    line = "SvelteKitError: Content-length of 21553972 exceeds limit of 20000000 bytes."
    output = f"process node\nsource journalctl -u app.service\n {line}\n  at Object.start\n"
    (refusal,) = look(replace(TOLD, number=500), "node", output)
    assert (refusal.method, refusal.status, refusal.message) == ("", 500, line)
    assert not look(replace(TOLD, number=404), "node", output)
    assert not look(replace(TOLD, number=502), "node", output)
    assert not look(replace(TOLD, number=500), "node", OUTPUT)


FORM = FailedRequests(
    file="/var/log/nginx/access.log", method="POST", path="/login", status=403,
    written="29/Nov/2026:08:00:00 +0000", is_from_page=True,
)  # fmt: skip
WORDS = (
    "Forbidden (Origin checking failed - https://shop.example.com does not match any trusted"
    " origins.): /login"
)


def look_after(failure: FailedRequests, words: str = WORDS) -> list[ProgramRefusal]:
    command = shlex.join(("sh", "-c", LOG_SCRIPT, "sh", str(probes.RECENT_SECONDS), "443"))
    output = f"process python3\nsource journalctl -u shop.service\n {words}\n"
    result = CommandResult((), 0, output, "", 0.0)
    looking: Any = Looking(RecordedMachine({command: result}, {}))
    listeners = looking.emit(Listeners(sockets=(replace(PROXY, process="python3"),)))
    probe: Any = probes.program_that_refused_a_form
    asyncio.run(probe.work(looking, looking.emit(failure), listeners))
    return list(looking.observed(ProgramRefusal))


def test_the_words_about_a_form_that_was_refused() -> None:
    (refusal,) = look_after(FORM)
    assert (refusal.path, refusal.status, refusal.message) == ("/login", 403, WORDS)


def test_no_words_are_looked_for_where_no_page_sent_a_form() -> None:
    assert not look_after(replace(FORM, method="GET"))
    assert not look_after(replace(FORM, is_from_page=False))
    assert not look_after(replace(FORM, status=404))
    assert not look_after(FORM, "Forbidden: /login")


def test_the_words_about_the_token_of_a_form_that_was_refused() -> None:
    (refusal,) = look_after(FORM, "Forbidden (CSRF token missing.): /login")
    assert refusal.message == "Forbidden (CSRF token missing.): /login"
    assert not look_after(FORM, "Forbidden (CSRF token missing.): /other")


def look_at_form(
    product: Product, posts: tuple[str, ...], words: str = WORDS
) -> list[ProgramRefusal]:
    command = shlex.join(("sh", "-c", LOG_SCRIPT, "sh", str(probes.RECENT_SECONDS), "443"))
    output = f"process python3\nsource journalctl -u shop.service\n {words}\n"
    result = CommandResult((), 0, output, "", 0.0)
    looking: Any = Looking(RecordedMachine({command: result}, {}))
    listeners = looking.emit(Listeners(sockets=(replace(PROXY, process="python3"),)))
    looking.emit(WebServerConfig(product=product, path="/etc"))
    page = looking.emit(Page(url=PAGE.url, address=PAGE.address, port=443, posts=posts))
    probe: Any = probes.program_with_a_form
    asyncio.run(probe.work(looking, page, listeners))
    return list(looking.observed(ProgramRefusal))


def test_the_words_about_a_form_where_the_server_keeps_no_log() -> None:
    own = ("https://shop.example.com/login",)
    (refusal,) = look_at_form("caddy", own)
    assert (refusal.method, refusal.path, refusal.message) == ("POST", "/login", WORDS)
    assert not look_at_form("apache", own)
    assert not look_at_form("caddy", ())
    assert not look_at_form("caddy", ("https://pay.example.net/",))
    assert not look_at_form("caddy", own, "Forbidden (CSRF token missing.): /login")
