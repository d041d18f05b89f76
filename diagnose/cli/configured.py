"""The command line, completed by configuration files.

An option of the command line counts most, then DIAGNOSE_LANG for the language, then the user's
file, then the system's. A run without files pays two `os.stat` for it.
"""

import os
import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diagnose.cli.config_file import has_files
from diagnose.cli.help_text import COMMANDS
from diagnose.cli.parser import parse
from diagnose.model import Target
from diagnose.parsers.target import UsageError, suggestion

if TYPE_CHECKING:
    from diagnose.cli.settings import Settings

_GROUP = re.compile(r"@[\w.-]+")


def parse_configured(command: str | None, words: Sequence[str]) -> Namespace:
    """Parse as `diagnose.cli.parser.parse` does, with the values of the files as defaults.
    `servers` of the result are those to look inside, by host name; `keys` are pairs of an action of
    the screen and its keys."""
    namespace = parse(command, words)
    groups: Mapping[str, Sequence[str]] = {}
    servers: Mapping[str, str] = {}
    keys: Mapping[str, str] = {}
    if has_files(namespace.config):
        from diagnose.cli.settings import load_settings

        settings = load_settings(namespace.config)
        namespace = parse(command, words, option_defaults(settings))
        groups = {name: setting.value for name, setting in settings.targets.items()}
        servers = {host: setting.value for host, setting in settings.servers.items()}
        keys = {action: setting.value for action, setting in settings.keys.items()}
    namespace.servers, namespace.keys = servers, tuple(keys.items())
    if command is None or "TARGET" in COMMANDS[command].operand:
        namespace.words = _expand_groups(namespace.words, groups)
    return namespace


def option_defaults(settings: "Settings") -> Mapping[str, Any]:
    """Return the defaults of options, by their names in a namespace."""
    options = {name: setting.value for name, setting in settings.options.items()}
    if os.environ.get("DIAGNOSE_LANG"):
        options.pop("lang", None)
    return {**options, "ignore": [setting.value for setting in settings.ignores]}


def _expand_groups(words: Sequence[str], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the words with each @GROUP replaced by its targets."""
    targets: list[str] = []
    for word in words:
        targets += _members(word[1:], groups) if _GROUP.fullmatch(word) else [word]
    return targets


def _members(name: str, groups: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if name not in groups:
        hint = suggestion(name, tuple(groups)) or " See diagnose config."
        raise UsageError(f"No configuration file names a group {name!r}.{hint}")
    return groups[name]


def server_for(targets: Sequence[Target], servers: Mapping[str, str]) -> str | None:
    """Return the server that files name for all targets; None if they name none. Raise UsageError
    if it is not the same for all: a run looks inside one server."""
    named = {target.host: servers.get(target.host) for target in targets}
    if len(set(named.values())) <= 1:
        return next(iter(named.values()), None)
    listed = ", ".join(f"{host}: {server or 'none'}" for host, server in named.items())
    raise UsageError(
        f"A run looks inside one server, and the configuration names several ({listed})."
        " Diagnose them one by one, or add --outside."
    )
