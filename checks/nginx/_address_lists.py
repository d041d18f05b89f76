"""What a person types to let an address, or everybody, pass a list of nginx: `allow` lines behind
`deny all` (ngx_http_access_module), a `geo` or `map` whose value a condition asks for."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import setting_edits
from checks.nginx._repairs import blocks_around
from diagnose.model import Applicability, Command, Edit, Fix, Manual, Where
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import (
    TextEdit,
    insert_after,
    insert_last,
    remove_directive,
    replace_directive,
)
from diagnose.parsers.nginx.locations import LocationMatch

Typed = tuple[Command | Edit, ...]

#: `if ($closed)`, `if ($closed = 1)`, `if ($allowed != 1)`.
_CONDITION = re.compile(r"""\(\s*\$(\w{1,100})(?:\s+(!?=)\s+["']?(\w{1,100})["']?)?\s*\)""")
#: The address of the visitor, as the lists are asked.
_ADDRESS = {"$remote_addr", "$realip_remote_addr"}


@frozen(eq=False)
class AddressList:
    """A `geo` or a `map` of addresses, and a value by which a request passes the condition."""

    block: Directive
    passing: str


def address_list(nginx: Nginx, rule: Directive) -> AddressList | None:
    """Return the one list whose value decides over a `return`; None where it is not that simple."""
    around = blocks_around(nginx, rule)
    condition = around[-1] if around else None
    match = _CONDITION.fullmatch(" ".join(condition.args)) if condition else None
    if condition is None or condition.name != "if" or match is None:
        return None
    http = around[0]
    blocks = [
        block
        for name in ("geo", "map")
        for block in children(http, name)
        if block.args[-1:] == (f"${match[1]}",)
    ]
    sets = [line for block in around for line in children(block, "set")]
    is_set = any(line.args[:1] == (f"${match[1]}",) for line in sets)
    if len(blocks) != 1 or is_set or not _is_of_address(blocks[0]):
        return None
    passing = _passing(blocks[0], match[2] or "", match[3] or "")
    return AddressList(blocks[0], passing) if passing else None


def _is_of_address(block: Directive) -> bool:
    source = block.args[0] if len(block.args) == 2 else ""
    return source in _ADDRESS or (block.name == "geo" and not source)


def _passing(block: Directive, sign: str, value: str) -> str:
    """Return the value of the list with which a condition does not hold; "" if there is none."""
    if sign == "!=":
        return value
    values = [line.args[0] for line in block.block or () if len(line.args) == 1]
    refused = (lambda word: word == value) if sign == "=" else (lambda word: word not in {"0", ""})
    others = [word for word in values if not refused(word)]
    return others[0] if others else "" if sign == "=" else "0"


def passing_visitor(nginx: Nginx, rule: Directive, visitor: str) -> Typed:
    """Return what gives one address the value that lets it in."""
    addresses = address_list(nginx, rule)
    file = nginx.file(addresses.block) if addresses else None
    if (
        addresses is None
        or file is None
        or any(line.name == "ranges" for line in addresses.block.block or ())
    ):
        return ()
    own = [
        line
        for line in addresses.block.block or ()
        if line.name in {visitor, f"{visitor}/32", f"{visitor}/128"}
    ]
    written = f"{visitor} {addresses.passing};"
    change = (
        replace_directive(own[-1], written)
        if own
        else insert_last(file.text, addresses.block, [written])
    )
    return chosen_edits(nginx, config_edits(nginx, {file.path: [change]}))


def passing_everybody(nginx: Nginx, rule: Directive) -> Typed:
    """Return what gives every address that is not named the value that lets it in."""
    addresses = address_list(nginx, rule)
    lines = children(addresses.block, "default") if addresses else ()
    if addresses is None or len(lines) != 1 or lines[0].args == (addresses.passing,):
        return ()
    change = replace_directive(lines[0], f"default {addresses.passing};")
    return chosen_edits(nginx, config_edits(nginx, {lines[0].file: [change]}))


def allowed_first(nginx: Nginx, deny: Directive, dead: tuple[Directive, ...]) -> Typed:
    """Return the edit after which `deny all` stands behind the `allow` lines of its own block."""
    around = blocks_around(nginx, deny)
    file, last = nginx.file(deny), dead[-1] if dead else None
    if file is None or last is None or not around or deny.args != ("all",):
        return ()
    siblings = around[-1].block or ()
    if any(line not in siblings or line.file != deny.file for line in dead):
        return ()
    changes: list[TextEdit] = [
        remove_directive(file.text, deny),
        insert_after(file.text, last, ["deny all;"]),
    ]
    return chosen_edits(nginx, config_edits(nginx, {deny.file: changes}))


def opened_site(nginx: Nginx, deny: Directive) -> Typed:
    """Return the edit that takes `deny all` out."""
    file = nginx.file(deny)
    if file is None or deny.args != ("all",):
        return ()
    changes = {deny.file: [remove_directive(file.text, deny)]}
    return chosen_edits(nginx, config_edits(nginx, changes))


def either_one(nginx: Nginx, match: LocationMatch) -> Fix | None:
    """Return what lets a visitor in who has the password, from any address: a person's choice.
    None unless nginx wants a password as well as an allowed address (`satisfy all`, the default).
    """
    asking, satisfy = match.directive("auth_basic"), match.directive("satisfy")
    is_any = satisfy is not None and satisfy.args[:1] == ("any",)
    if asking is None or asking.args[:1] == ("off",) or is_any:
        return None
    typed = chosen_edits(nginx, setting_edits(nginx, match, {"satisfy": "any"}))
    return Fix((Manual("either-one", Where.SERVER, commands=typed),), Applicability.MANUAL)
