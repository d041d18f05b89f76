"""The command of docs/en/how-to/nagios.md, run by a real Icinga 2."""

import asyncio
import contextlib
import os
import re
import ssl
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

from tests.support.icinga import icinga, needs_icinga
from tests.support.scripted_site import answer, site

pytestmark = needs_icinga

PAGE = Path(__file__).parents[2] / "docs/en/how-to/nagios.md"
WELCOME = answer(
    "200 OK", b"<!doctype html><title>Shop</title><p>Welcome", "Content-Type: text/html"
)

#: The states of Icinga's API.
OK, WARNING, CRITICAL, UNKNOWN = 0.0, 1.0, 2.0, 3.0


def documented_objects() -> str:
    """The page's own configuration; the program is this one, from outside."""
    text = PAGE.read_text("utf-8").partition("## Icinga 2")[2]
    match = re.search(r"```text\n(.*?)```", text, re.S)
    assert match
    program = f'"{sys.executable}", "-P", "-m", "diagnose", "--outside"'
    documented = '"/usr/bin/diagnose", "--nagios", "--timeout", "20"'
    assert documented in match[1]
    # A busy machine takes longer than a site may.
    return match[1].replace(documented, f'{program}, "--nagios", "--timeout", "50"')


HOST = """
object Host "{place}" {{
  display_name = "{name}"
  check_command = "diagnose"
  enable_active_checks = false
  vars.diagnose_target = "https://{place}/"
  vars.https = "{name}" != "plain"
}}
"""


class Seen(NamedTuple):
    """What Icinga understood: each service by SITE!SERVICE, and the performance data."""

    services: dict[str, dict[str, Any]]
    numbers: dict[str, float]


#: Further services: site, name, and the variables that the page names.
SERVICES = {
    ("healthy", "slow"): {"warning": '[ "0" ]'},
    ("healthy", "short"): {"warning": '[ "0" ]', "critical": '[ "certificate_days=365:" ]'},
    ("healthy", "unusable"): {"warning": '[ "no range" ]'},
    ("plain", "unmeasured"): {"warning": '[ "certificate_days=21:" ]'},
    ("expired", "ignored"): {"ignore": '[ "certificate.expired=known" ]'},
}

STATES = {
    "healthy!https": OK,
    "ending!https": WARNING,
    "expired!https": CRITICAL,
    "broken!https": CRITICAL,
    "refused!https": CRITICAL,
    "healthy!slow": WARNING,
    "healthy!short": CRITICAL,
    "healthy!unusable": UNKNOWN,
    "plain!unmeasured": UNKNOWN,
    "expired!ignored": OK,
}


def objects(places: dict[str, str]) -> str:
    hosts = (HOST.format(name=name, place=place) for name, place in places.items())
    services = (service(*names, places, more) for names, more in SERVICES.items())
    return "\n".join([documented_objects(), *hosts, *services])


def service(name: str, title: str, places: dict[str, str], variables: dict[str, str]) -> str:
    lines = "\n".join(f"  vars.diagnose_{key} = {value}" for key, value in variables.items())
    return f"""
object Service "{title}" {{
  host_name = "{places[name]}"
  check_command = "diagnose"
  vars.diagnose_target = "{scheme(name)}://{places[name]}/"
{lines}
}}
"""


def scheme(name: str) -> str:
    return "http" if name == "plain" else "https"


@contextlib.asynccontextmanager
async def sites(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Sites on loopback by name: HOST:PORT."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))

    def context(days: float) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ends = datetime.now(UTC) + timedelta(days=days)
        authority.issue_cert("127.0.0.1", not_after=ends).configure_cert(context)
        return context

    pages = {"/": WELCOME}
    async with site(pages) as closed:
        ports = {"refused": closed.port}
    async with (
        site(pages, context(200)) as healthy,
        site(pages, context(15)) as ending,
        site(pages, context(-3)) as expired,
        site({"/": answer("503 Service Unavailable")}, context(200)) as broken,
        site(pages) as plain,
    ):
        ports |= {"healthy": healthy.port, "ending": ending.port, "expired": expired.port,
                  "broken": broken.port, "plain": plain.port}  # fmt: skip
        yield {name: f"127.0.0.1:{port}" for name, port in ports.items()}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("icinga")

    async def work() -> Seen:
        async with sites(folder) as places:
            environment = {**os.environ, "SSL_CERT_FILE": str(folder / "ca.pem")}
            with icinga(folder, objects(places), environment) as monitor:
                results = await asyncio.to_thread(monitor.results)
        return Seen(results, monitor.graphite.values)

    return asyncio.run(work())


def test_the_states(seen: Seen) -> None:
    assert {name: each["state"] for name, each in seen.services.items()} == STATES


def test_the_first_line_is_the_output_and_says_the_cause(seen: Seen) -> None:
    output = {name: each["last_check_result"]["output"] for name, each in seen.services.items()}
    lines = {name: text.partition("\n") for name, text in output.items()}
    assert lines["healthy!https"][0].startswith("DIAGNOSE OK - https://127.0.0.1:")
    assert lines["expired!https"][0].startswith("DIAGNOSE CRITICAL - The certificate of 127.0.0.1")
    assert re.match("DIAGNOSE CRITICAL - .* refuses", lines["refused!https"][0])
    assert lines["broken!https"][0].startswith("DIAGNOSE CRITICAL - https://127.0.0.1:")
    assert lines["healthy!unusable"][0].startswith("DIAGNOSE UNKNOWN - --warning takes a range")
    assert lines["healthy!short"][0].startswith("DIAGNOSE CRITICAL - certificate_days is ")
    assert "\nerror certificate.expired: " in output["expired!https"]
    assert "certificate_days was not measured" in lines["plain!unmeasured"][0]


def test_the_performance_data_are_numbers_with_thresholds(seen: Seen) -> None:
    days = "healthy.https.perfdata.certificate_days"
    assert 199 < seen.numbers[f"{days}.value"] <= 200
    assert 0 < seen.numbers["healthy.https.perfdata.response_time.value"] < 50
    assert seen.numbers["healthy.https.perfdata.response_time.warn"] == 2
    assert -3.1 < seen.numbers["expired.https.perfdata.certificate_days.value"] <= -3
    labels = {"time", "resolve", "connect", "tls", "processing", "response_time"}
    for label in labels:
        assert f"healthy.https.perfdata.{label}.value" in seen.numbers
