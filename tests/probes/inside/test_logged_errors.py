import asyncio
import shlex
from dataclasses import replace

from diagnose.machine import CommandResult
from diagnose.model.logs import FailedRequests, LoggedRequestError
from diagnose.probes.inside.logged_errors import observe_reasons
from diagnose.probes.inside.server_logs import READ_SCRIPT
from tests.parsers.apache.test_logged_requests import BEGAN, RETURNED, SCRIPT, WAITED
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import HTTPS, apache_config

LOG = "/var/log/apache2/error.log"
CONFIG = apache_config(HTTPS.replace("</V", f"    ErrorLog {LOG}\n</V"))
FAILED = FailedRequests(
    server="apache", file="/var/log/apache2/access.log", method="MOVE", path="/dav/file",
    status=502, written=BEGAN,
)  # fmt: skip


def look(text: str, failure: FailedRequests = FAILED) -> list[LoggedRequestError]:
    command = shlex.join(("sh", "-c", READ_SCRIPT, "sh", LOG))
    looking = Looking(RecordedMachine({command: CommandResult((), 0, text, "", 0.0)}, {}))
    asyncio.run(observe_reasons(looking, CONFIG, [failure]))
    return list(looking.observed(LoggedRequestError))


def test_the_line_about_a_failed_request() -> None:
    (error,) = look(WAITED + RETURNED)
    assert (error.log, error.method, error.path, error.waited_s) == (LOG, "MOVE", "/dav/file", 60.0)


def test_php_only_with_the_status_that_apache_gives_it() -> None:
    assert not look(SCRIPT)
    (error,) = look(SCRIPT, replace(FAILED, status=504))
    assert not error.names_path


def test_nothing_is_read_for_another_status() -> None:
    assert not look(WAITED + RETURNED, replace(FAILED, status=500))
