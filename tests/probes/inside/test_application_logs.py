"""What an application writes about its own error, and the services that failed."""

import asyncio
import shlex

from diagnose.machine.recorded import RecordedMachine
from diagnose.model import Failure
from diagnose.model.application_log import FailedUnit
from diagnose.model.nginx import UpstreamTry
from diagnose.probes.inside import application_logs as probes
from diagnose.probes.inside import failed_services
from tests.support.fake_context import Looking

PLACES = """\
process 125 shop.service gunicorn
file 40 /var/log/shop/error.log
file 0 /srv/shop/storage/logs/laravel.log
"""
ADDED = """\
@@@ journal
Starting something
@@@ /var/log/shop/error.log
Error handling request /
KeyError: 'user'

@@@ /srv/shop/storage/logs/laravel.log

"""
UNITS = (
    "unit gunicorn.service failed www-data\n"
    " Started gunicorn.service\n"
    " gunicorn.service: Changing to the requested working directory failed: No such file\n"
    " gunicorn.service: Main process exited, code=exited, status=200/CHDIR\n"
    " gunicorn.service: Failed with result 'exit-code'.\n"
    "unit nginx.service failed \n bind() failed\n"
)


def test_places() -> None:
    places = probes.parse_places(PLACES)
    assert (places.pid, places.process, places.unit) == (125, "gunicorn", "shop")
    assert places.files[0] == ("/var/log/shop/error.log", 40)
    assert probes.parse_places("process 9 - node\n").unit == ""
    assert probes.parse_places("").files == ()


def test_the_source_that_says_most_comes_first() -> None:
    (source, lines), *others = probes.parse_additions(ADDED)
    assert source == "/var/log/shop/error.log"
    assert lines[-1] == "KeyError: 'user'"
    assert [source for source, _ in others] == ["journal"]
    assert probes.parse_additions("") == []


def test_failed_units_without_systemds_usual_words() -> None:
    (unit,) = probes.parse_units(UNITS, 1.0, 0.1)
    assert (unit.unit, unit.state) == ("gunicorn", "failed")
    assert "Changing to the requested working directory failed" in unit.message


def look(attempt: UpstreamTry) -> Looking:
    key = shlex.join(("sh", "-c", failed_services.SCRIPT))
    looking = Looking(RecordedMachine({key: UNITS}, {}))
    asyncio.run(_work(looking, attempt))
    return looking


async def _work(looking: Looking, attempt: UpstreamTry) -> None:
    await probes.failed_units.work(looking, attempt)
    await probes.failed_units.work(looking, attempt)


def attempt(failure: Failure | None) -> UpstreamTry:
    return UpstreamTry(
        target="http://127.0.0.1:3000", host="127.0.0.1", port=3000, address="127.0.0.1",
        path="/", scheme="http", file="/n.conf", line=1, failure=failure,
    )  # fmt: skip


def test_units_are_read_once_where_the_application_refuses() -> None:
    assert len(look(attempt(Failure("refused", "Connection refused"))).observed(FailedUnit)) == 1


def test_nothing_is_run_where_it_answers_or_is_slow() -> None:
    assert not look(attempt(None)).observed(FailedUnit)
    assert not look(attempt(Failure("timeout", "timed out"))).observed(FailedUnit)
