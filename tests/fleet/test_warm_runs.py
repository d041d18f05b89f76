"""A process that has made many runs keeps much of them; what it reports stays that of a new one."""

import asyncio
import json
import os
import re
import ssl
import sys
from pathlib import Path
from typing import Any

import trustme

from diagnose import engine
from diagnose.model.view import View
from diagnose.net.local import LocalNet
from diagnose.outputs import json as json_output
from diagnose.parsers.target import parse_target
from diagnose.probes import Options
from tests.support.command_line import ENVIRONMENT, ROOT

#: What differs between two runs of one process as well: times, and the sizes of signatures.
VARYING = {"at_s", "duration_s", "ahead_s", "bytes_received"}

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 38\r\n\r\n"
    b"<!doctype html><title>ok</title>hello\n"
)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(ANSWER)
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        writer.close()


def comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: comparable(each) for key, each in value.items() if key not in VARYING}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return re.sub(r"diagnose-[0-9a-f]{12}", "diagnose-random", str(value))


def judgement(document: dict[str, Any]) -> dict[str, Any]:
    """Return all of a report but the run's id. Observations come in the order of their ends, which
    is another in each run: they are sorted, and ids replaced by what they name."""
    observed = {
        each["id"]: json.dumps(comparable({**each, "id": ""}), sort_keys=True)
        for each in document["observations"]
    }
    findings = [
        {**comparable(each), "because": sorted(observed[name] for name in each["because"])}
        for each in document["findings"]
    ]
    kept = {name: document[name] for name in ("target", "verdict", "layers", "unknown", "errors")}
    return {
        "kept": comparable(kept),
        "observations": sorted(observed.values()),
        "findings": findings,
    }


async def cold_report(url: str, cafile: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "diagnose", "--json", "--outside", "--cafile", cafile, url,
        cwd=ROOT, env={**ENVIRONMENT, "LANG": "C.UTF-8"}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    document: dict[str, Any] = json.loads(output)
    return document


async def warm_report(url: str, cafile: str) -> dict[str, Any]:
    options, view = (
        Options(inside=False, cafile=cafile),
        View(hostname=os.uname().nodename, again=("--cafile", cafile)),
    )
    for _ in range(3):
        report = await engine.run(parse_target(url), options, LocalNet())
    document: dict[str, Any] = json.loads(json_output.render(report, view))
    return document


def test_a_report_of_a_warm_process_is_that_of_a_new_one(tmp_path: Path) -> None:
    authority, cafile = trustme.CA(), str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(cafile)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def compare() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/page?a=1"
        async with server:
            cold, warm = await cold_report(url, cafile), await warm_report(url, cafile)
        assert cold["verdict"]["status"] != "unknown"
        assert judgement(warm) == judgement(cold)

    asyncio.run(compare())
