"""Probes for why a certificate was not renewed: logs of renewal tools, and failed systemd units.

They run only if a certificate of nginx has expired or expires soon.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import RenewalFailure
from diagnose.parsers.linux import renewal_logs as log_parser
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.inside.other_nginx import expires_soon

SCRIPT = read_script(__file__, "renewals.sh")

_PART = re.compile(r"^@@@ (\S+) (\d+) (.+)$", re.MULTILINE)


@probe(after=CertificateFile)
async def renewal(ctx: ProbeContext, certificate: CertificateFile) -> None:
    expiring = [
        candidate
        for candidate in ctx.observed(CertificateFile)
        if candidate.chain and expires_soon(candidate.chain[0])
    ]
    if not expiring or expiring[0] is not certificate:
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT)
    for path in re.findall(r"^@@@ denied 0 (.+)$", result.out, re.MULTILINE):
        subject, enable = clean(path, 200), f"sudo tail -n 50 {shlex.quote(clean(path, 200))}"
        emit_not_observed(ctx, subject, "needs root", enable, at=at)
    for failure in parse_failures(result.out):
        ctx.emit(replace(failure, at=at, took=result.took))


def parse_failures(text: str) -> Iterator[RenewalFailure]:
    """Parse the output of SCRIPT. A tool's log is preferred, because it names the certificates."""
    parts = _PART.split(text)
    units: dict[str, RenewalFailure] = {}
    logged_tools: set[str] = set()
    for kind, when, name, body in zip(*(iter(parts[1:]),) * 4, strict=False):
        lines = "\n".join(line.removeprefix(" ") for line in body.splitlines())
        if kind == "unit":
            tool = _tool(name)
            run = (
                log_parser.certbot(lines) if tool == "certbot" else None
            ) or log_parser.last_journal_line(lines)
            source = f"journalctl -u {clean(name, 100)}"
            units.setdefault(tool, _failure(tool, source, when, run, clean(name, 100)))
        elif kind in {"certbot", "acme.sh"}:
            log_run = log_parser.certbot(lines) if kind == "certbot" else log_parser.acme_sh(lines)
            if log_run:
                logged_tools.add(kind)
                unit = units[kind].unit if kind in units else ""
                yield _failure(kind, clean(name, 200), when, log_run, unit)
    yield from (failure for tool, failure in units.items() if tool not in logged_tools)


def _tool(unit: str) -> str:
    """Return the renewal tool of a systemd unit.

    Units are certbot.service, snap.certbot.renew.service, acme-shop.example.com.service or
    lego.service.
    """
    names = (("certbot", "certbot"), ("lego", "lego"), ("dehydrated", "dehydrated"))
    return next((tool for keyword, tool in names if keyword in unit), "acme.sh")


def _failure(
    tool: str, source: str, when: str, run: log_parser.FailedRenewal, unit: str
) -> RenewalFailure:
    tail = source if source.startswith("journalctl") else f"tail -n 50 {shlex.quote(source)}"
    return RenewalFailure(
        vantage=Vantage.SERVER,
        equivalent=tail,
        tool=tool,
        source=source,
        unit=unit,
        names=run.names,
        message=run.message,
        when=float(when) if when != "0" else None,
    )
