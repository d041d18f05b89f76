"""How Apache is started where it does not come from a distribution: Bitnami's images, XAMPP, the
panel BaoTa (aaPanel); and with which options SUSE starts it."""

import re

from diagnose.model.frozen import frozen
from diagnose.probes import ProbeContext


@frozen
class Place:
    """The commands that start and stop Apache in its place, and the parameters that they define."""

    start: tuple[str, ...]
    stop: tuple[str, ...]
    defines: tuple[str, ...] = ()


_BITNAMI = Place(
    ("/opt/bitnami/ctlscript.sh", "start", "apache"),
    ("/opt/bitnami/ctlscript.sh", "stop", "apache"),
)

#: By the path of the program.
PLACES = {
    "/opt/bitnami/apache/bin/httpd": _BITNAMI,
    "/opt/bitnami/apache2/bin/httpd": _BITNAMI,
    "/opt/lampp/bin/httpd": Place(
        ("/opt/lampp/lampp", "startapache"), ("/opt/lampp/lampp", "stopapache"), ("SSL", "PHP")
    ),
    "/www/server/apache/bin/httpd": Place(
        ("/etc/init.d/httpd", "start"), ("/etc/init.d/httpd", "stop")
    ),
}

#: The parameters with which SUSE starts Apache (a2enflag(8)).
_FLAGS_FILE = "/etc/sysconfig/apache2"
_FLAGS = re.compile(r"^APACHE_SERVER_FLAGS=[\"']?([^\"'\n]{0,500})", re.MULTILINE)


async def place_of(ctx: ProbeContext, program: str) -> Place | None:
    """Return the place of a program whose own script is there; None for another."""
    place = PLACES.get(program)
    if place is None or (await ctx.machine.read(place.start[0], 1)).failure is not None:
        return None
    return place


async def suse_flags(ctx: ProbeContext) -> tuple[str, ...]:
    """Return the parameters that SUSE's start defines, () if there are none."""
    content = await ctx.machine.read(_FLAGS_FILE, 65536)
    flags = _FLAGS.search(content.text) if content.failure is None else None
    words = re.split(r"[\s,]+", flags[1]) if flags else ()
    return tuple(word.removeprefix("-D") for word in words if word.strip("-D"))[:20]
