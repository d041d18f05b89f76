"""The containers that have a file, by the output of the script other_containers.sh. No I/O."""

import posixpath
import re

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean


@frozen
class HeldFile:
    """A container that has a file: its id, and the innermost mount that holds the file there. That
    is a folder of the server (`source`), or a named volume (`volume`), at `point`; all are "" if
    the file is in the container alone."""

    container: str
    source: str = ""
    volume: str = ""
    point: str = ""


def held_file(text: str, path: str) -> HeldFile | None:
    """Return the first container that has the file, one with a mount of it first."""
    holders = [_holder(block, path) for block in re.split(r"(?m)^holder ", text)[1:21]]
    known = [holder for holder in holders if holder is not None]
    return next((holder for holder in known if holder.point), next(iter(known), None))


def _holder(block: str, path: str) -> HeldFile | None:
    digest, *lines = block.split("\n")
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        return None
    mounts = [(*line.split("\t"), "", "")[:3] for line in lines if line.startswith("/")]
    holding = [
        (posixpath.normpath(point), source, name)
        for source, point, name in mounts
        if point.startswith("/") and f"{path}/".startswith(f"{point.rstrip('/')}/")
    ]
    point, source, name = max(holding, key=lambda mount: len(mount[0]), default=("", "", ""))
    return HeldFile(
        container=digest,
        source="" if name else clean(source.rstrip("/"), 400),
        volume=clean(name, 200),
        point=clean(point, 400),
    )
