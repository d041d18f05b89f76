"""The edit by which a `map` of User-Agents spares one program: the first expression that fits gives
the value (ngx_http_map_module, "map"). A person chooses it: what is closed may be meant."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._repairs import blocks_around
from diagnose.model import Command, Edit
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.edits import insert_first
from diagnose.parsers.nginx.variables import map_of
from diagnose.parsers.program_agents import agent_pattern

#: `if ($bad_bot)` and `if ($limit_bots = 1)`.
_FLAG = re.compile(r"\(\s*\$(\w{1,100})(?:\s*=\s*[\"']?(\w{1,100})[\"']?)?\s*\)")
#: A value that needs no quotes.
_VALUE = re.compile(r"\w{0,40}", re.ASCII)
#: Values for which `if ($variable)` does not hold (ngx_http_rewrite_module, "if").
_FALSE = frozenset({"", "0"})


def spared_in_map(nginx: Nginx, condition: Directive, program: str) -> tuple[Command | Edit, ...]:
    """Return the edit after which the map of a condition's variable does not refuse a program; ()
    where no map of User-Agents gives it, or where whoever is in no line is refused."""
    match = _FLAG.fullmatch(" ".join(condition.args))
    around = blocks_around(nginx, condition)
    block = map_of(around[0], match[1]) if match and around else None
    file = nginx.file(block) if block else None
    if match is None or block is None or file is None or len(program) < 2:
        return ()
    defaults = [line.args[0] for line in block.block or () if line.name == "default" and line.args]
    value = defaults[0] if defaults else ""
    refuses = value == match[2] if match[2] else value not in _FALSE
    if block.args[:1] != ("$http_user_agent",) or refuses or not _VALUE.fullmatch(value):
        return ()
    change = insert_first(file.text, block, [f"~*{agent_pattern(program)} {value or chr(34) * 2};"])
    return chosen_edits(nginx, config_edits(nginx, {block.file: [change]}))
