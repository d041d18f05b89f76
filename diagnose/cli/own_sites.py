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
    """Return the URLs of the sites of nginx, as the screen would list them here, or else those of
    the names that other web servers have: () if nothing can be read."""
    from diagnose.probes.inside.site_discovery import find_sites

    async def find() -> tuple[str, ...]:
        if sites := await find_sites(LocalMachine()):
            return tuple(site.url for site in sites)
        from diagnose.probes.inside.site_names import site_names

        return tuple(f"https://{name}/" for name in await site_names(LocalMachine()))

    try:
        return asyncio.run(asyncio.wait_for(find(), _TIME_LIMIT))
    except (OSError, TimeoutError):
        return ()


def only_site(error: NamelessMessageError, arguments: list[str]) -> str:
    """Return the URL of the only site of this server, for a message that names none; "" if there
    are several or none, or where somebody asks about elsewhere. A name with www. and the one
    without it are one site."""
    if any(argument.startswith(_ELSEWHERE) for argument in arguments) or not error.with_example(""):
        return ""
    urls = own_sites()
    bare = [url for url in urls if _host(url) not in {f"www.{_host(other)}" for other in urls}]
    return bare[0] if len(bare) == 1 else ""


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0]


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
