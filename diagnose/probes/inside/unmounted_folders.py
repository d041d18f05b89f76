"""Probe for folders of fstab(5) at which nothing is mounted: a site, a certificate or an
application that lies on such a disk is not there.
"""

import asyncio

from diagnose.model import Vantage
from diagnose.model.resources import UnmountedFolder
from diagnose.parsers.linux.fstab import unmounted
from diagnose.probes import ProbeContext, probe

#: Maximum bytes of either file, and number of folders.
MAX_FSTAB, MAX_MOUNTS, MAX_FOLDERS = 65536, 262144, 8


@probe()
async def unmounted_folders(ctx: ProbeContext) -> None:
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
