"""Finds the command that a Redis did not know, and since which version it knows it. No I/O.

A server that is older than the library of its program answers "ERR unknown command". The versions
are those of the documentation (redis.io/docs/latest/commands, "Available since").
"""

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

_UNKNOWN = lazy_pattern(r"unknown command [`'\"‘’]?([A-Za-z]{2,20}(?:\.[A-Za-z]{2,20})?)(?![\w.])")
#: The first versions with commands that libraries use.
_SINCE = {
    "4.0": ("UNLINK", "MEMORY", "MODULE", "SWAPDB", "TOUCH"),
    "5.0": (
        "BZPOPMAX", "BZPOPMIN", "XACK", "XADD", "XCLAIM", "XDEL", "XGROUP", "XINFO",
        "XLEN", "XPENDING", "XRANGE", "XREAD", "XREADGROUP", "XREVRANGE", "XTRIM", "ZPOPMAX",
        "ZPOPMIN",
    ),
    "6.0": ("ACL", "HELLO", "LPOS"),
    "6.2": (
        "BLMOVE", "COPY", "GEOSEARCH", "GETDEL", "GETEX", "HRANDFIELD", "LMOVE", "SMISMEMBER",
        "XAUTOCLAIM", "ZDIFF", "ZINTER", "ZMSCORE", "ZRANDMEMBER", "ZRANGESTORE", "ZUNION",
    ),
    "7.0": (
        "BLMPOP", "BZMPOP", "EXPIRETIME", "FCALL", "FUNCTION", "LMPOP", "PEXPIRETIME", "SINTERCARD",
        "SPUBLISH", "SSUBSCRIBE", "ZINTERCARD", "ZMPOP",
    ),
    "7.4": ("HEXPIRE", "HPEXPIRE", "HPERSIST", "HTTL"),
}  # fmt: skip
_VERSIONS = {command: version for version, commands in _SINCE.items() for command in commands}
#: Beginnings of the commands of modules, which Redis Stack and Redis 8 have.
_MODULES = {
    "JSON": "RedisJSON", "FT": "RediSearch", "BF": "RedisBloom", "CF": "RedisBloom",
    "CMS": "RedisBloom", "TOPK": "RedisBloom", "TS": "RedisTimeSeries",
}  # fmt: skip


@frozen
class UnknownCommand:
    """A command, and the version of Redis that has it, or the module."""

    command: str
    since: str = ""
    module: str = ""


def unknown_command(text: str) -> UnknownCommand | None:
    """Return the command of Redis that a line says is unknown; None if it is none of Redis, or one
    that every version has (an administrator may have renamed it)."""
    match = _UNKNOWN.search(text)
    command = match[1].upper() if match else ""
    since, module = _VERSIONS.get(command, ""), _MODULES.get(command.partition(".")[0], "")
    if "." not in command:
        module = ""
    return UnknownCommand(command, since, module) if since or module else None
