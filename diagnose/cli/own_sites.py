"""The sites of this server, for a command line that names none."""

import asyncio

from diagnose.machine.local import LocalMachine
from diagnose.parsers.target import NamelessMessageError

#: Seconds for the configuration of a web server: an error is not to keep anybody waiting.
_TIME_LIMIT = 5.0
#: The largest number of sites in a sentence.
_MAX_NAMED = 5
#: Options of somebody who does not ask about this server.
_ELSEWHERE = ("--server", "--outside")


def own_sites() -> tuple[str, ...]:
    """Return the URLs of the sites that the screen would list here: () if nothing can be read."""
    from diagnose.probes.inside.site_discovery import find_sites

    async def find() -> tuple[str, ...]:
        sites = await asyncio.wait_for(find_sites(LocalMachine()), _TIME_LIMIT)
        return tuple(site.url for site in sites)

    try:
        return asyncio.run(find())
    except (OSError, TimeoutError):
        return ()


def with_own_sites(error: NamelessMessageError, arguments: list[str]) -> str:
    """Return the text of an error, with a site of this server in the place of an example."""
    if any(argument.startswith(_ELSEWHERE) for argument in arguments):
        return str(error)
    urls = own_sites() if error.with_example("") else ()
    if not urls:
        return str(error)
    text = error.with_example(urls[0])
    others = ", ".join(urls[1:_MAX_NAMED])
    return f"{text} (other sites of this server: {others})" if others else text
