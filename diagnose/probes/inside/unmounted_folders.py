"""Probe for folders of fstab(5) at which nothing is mounted: a site, a certificate or an
application that lies on such a disk is not there. They are read only after the site has failed.
"""

import asyncio

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxTest
from diagnose.model.resources import UnmountedFolder
from diagnose.model.tcp import Connection
from diagnose.parsers.linux.fstab import unmounted
from diagnose.probes import ProbeContext, probe

#: Maximum bytes of either file, and number of folders.
MAX_FSTAB, MAX_MOUNTS, MAX_FOLDERS = 65536, 262144, 8


@probe(after=Exchange)
async def of_page(ctx: ProbeContext, exchange: Exchange) -> None:
    """Read them when the page does not come."""
    if exchange.is_page_of(ctx.target) and (exchange.status or 999) >= 400:
        await _read(ctx)


@probe(after=Connection)
async def of_connection(ctx: ProbeContext, connection: Connection) -> None:
    """Read them when the target's port does not open."""
    if connection.failure is not None and connection.purpose == "target":
        await _read(ctx)


@probe(after=NginxTest)
async def of_configuration(ctx: ProbeContext, test: NginxTest) -> None:
    """Read them when nginx refuses its configuration: a certificate may be on such a disk."""
    if test.fatal is not None:
        await _read(ctx)


async def _read(ctx: ProbeContext) -> None:
    """Do it once in a run."""
    if not ctx.further_requests.begin("the folders of fstab"):
        return
    at = ctx.elapsed()
    fstab, mounts = await asyncio.gather(
        ctx.machine.read("/etc/fstab", MAX_FSTAB), ctx.machine.read("/proc/mounts", MAX_MOUNTS)
    )
    # A long list that was cut off proves nothing.
    if fstab.failure or mounts.failure or len(mounts.text.encode()) >= MAX_MOUNTS:
        return
    for entry in unmounted(fstab.text, mounts.text)[:MAX_FOLDERS]:
        ctx.emit(
            UnmountedFolder(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent="findmnt --fstab; findmnt",
                path=entry.point,
                device=entry.device,
                type=entry.type,
            )
        )
