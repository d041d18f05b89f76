"""Where nginx reads a file of its configuration. No I/O."""

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.config import children

#: Places of a file that are listed at most: the same include in hundreds of server blocks tells
#: nothing new.
MAX_PLACES = 50


@frozen
class Site:
    """A place as a person knows it: the names of its server block (() above them), and the words of
    its innermost location ("" outside)."""

    names: tuple[str, ...]
    location: str

    def __str__(self) -> str:
        name = self.names[0] if self.names else ""
        return " ".join(filter(None, (name, self.location)))


def include_places(config: NginxConfig, path: str) -> tuple[tuple[Directive, ...], ...]:
    """Return the blocks around the file, from the outermost, for each place at which it is read: ()
    for the main file's. At most MAX_PLACES places; a file without a directive has none."""
    if path == config.path:
        return ((),)
    places: list[tuple[Directive, ...]] = []

    def visit(block: tuple[Directive, ...], around: tuple[Directive, ...]) -> None:
        if len(places) >= MAX_PLACES:
            return
        if any(each.file == path for each in block):
            places.append(around)
            return
        for each in block:
            if each.block is not None:
                visit(each.block, (*around, each))

    visit(config.main, ())
    return tuple(places)


def sites_of(config: NginxConfig, path: str) -> tuple[Site, ...]:
    """Return the different sites that read a file: blocks of the same names count once."""
    return tuple(dict.fromkeys(site_around(blocks) for blocks in include_places(config, path)))


def site_around(blocks: tuple[Directive, ...]) -> Site:
    """Return the site to which the innermost of these blocks belongs."""
    servers = [block for block in blocks if block.name == "server"]
    locations = [block for block in blocks if block.name == "location"]
    names = [
        name
        for server in servers[-1:]
        for directive in children(server, "server_name")
        for name in directive.args
    ]
    words = " ".join(("location", *locations[-1].args)) if locations else ""
    return Site(tuple(names) or ("_",) * len(servers[-1:]), words)
