"""Reads what the firmware of a machine says about it.

It imports nothing of a cloud's rules: most machines are in none.
"""

import asyncio

from diagnose.cloud.firmware import Dmi
from diagnose.machine import Machine
from diagnose.parsers.sanitize import clean

DMI_FOLDER = "/sys/class/dmi/id"
_NAMES = ("sys_vendor", "product_name", "chassis_asset_tag", "bios_vendor")


async def read_dmi(machine: Machine) -> Dmi:
    """Return what the firmware says; nothing of it needs root or a network."""
    paths = [f"{DMI_FOLDER}/{name}" for name in _NAMES]
    texts: tuple[str, ...] = ("",) * len(paths)
    if machine.via == "local":
        files = await asyncio.gather(*(machine.read(path, 200) for path in paths))
        texts = tuple(clean(file.text.strip()) for file in files)
    else:
        # One command for all of them: over SSH each is a round trip.
        result = await machine.run("grep", "-sH", "", *paths)
        lines = dict(line.partition(":")[::2] for line in result.out.splitlines()[:20])
        texts = tuple(clean(lines.get(path, "").strip()[:200]) for path in paths)
    return Dmi(*texts)
