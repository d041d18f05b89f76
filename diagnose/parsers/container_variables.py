"""The environment of a container beside the files that its service takes it from, and the database
that refuses the login of an application. No I/O.

Sources: Compose specification ("environment", "env_file", "Interpolation"); libpq ("password
authentication failed"), MySQL's error 1045; the images postgres, mysql and mariadb ("POSTGRES_
PASSWORD", "MYSQL_PASSWORD": "none of the variables will have any effect if you start the container
with a data directory that already contains a database").
"""

import posixpath
import re
from collections.abc import Mapping
from typing import Literal

from diagnose.model.containers import ChangedVariable, ComposeService
from diagnose.model.frozen import frozen
from diagnose.parsers.compose_env_files import env_files_of
from diagnose.parsers.compose_files import entry, root_of, tree_of
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import may_hold_secret

Product = Literal["postgres", "mysql", "mariadb"]

_ASSIGNMENT = lazy_pattern(r"[ \t]*(?:export[ \t]+)?(?P<name>\w{1,100})[ \t]*=[ \t]*(?P<value>.*)")
_REFERENCE = lazy_pattern(
    r"\$(?:(?P<bare>\w{1,100})|\{(?P<name>\w{1,100})(?::?-(?P<or>[^{}$]*))?\})"
)
_REFUSED = lazy_pattern(
    r"password authentication failed for user [\"']?(?P<libpq>[\w.-]{1,63})"
    r"|Access denied for user '(?P<mysql>[\w.-]{1,80})'@"
)
#: Names by which images of databases go, with or without a registry before and a tag behind.
_IMAGES: tuple[tuple[Product, re.Pattern[str]], ...] = (
    ("postgres", re.compile(r"postg(?:res|is)|timescale|pgvector|vectorchord")),
    ("mariadb", re.compile(r"mariadb")),
    ("mysql", re.compile(r"mysql|percona")),
)
_MAX_LINES, _MAX_CHANGED = 2000, 6


@frozen
class RefusingDatabase:
    """A database as database_logins.sh prints it."""

    name: str
    product: Product
    is_same_password: bool = False
    reason: Literal["", "password", "user"] = ""


def refused_user(message: str) -> str:
    """Return the user whose login a database refused, by a line of a program; "" without one."""
    match = _REFUSED.search(message)
    return (match["libpq"] or match["mysql"]) if match else ""


def refusing_database(text: str) -> RefusingDatabase | None:
    """Return the one database of the output of database_logins.sh; None if there is another
    number of them."""
    names, is_same, reason = list[tuple[str, Product]](), False, ""
    for line in text.split("\n")[:200]:
        word, _, rest = line.partition(" ")
        if word == "database":
            name, _, image = rest.partition(" ")
            own = image.rpartition("/")[2].lower()
            names += [(clean(name, 200), kind) for kind, form in _IMAGES if form.search(own)][:1]
        elif word == "same":
            is_same = True
        elif word == "reason":
            reason = rest
    if len(names) != 1:
        return None
    name, product = names[0]
    if 'Role "' in reason and "does not exist" in reason:
        return RefusingDatabase(name, product, is_same, "user")
    is_password = "Password does not match" in reason
    return RefusingDatabase(name, product, is_same, "password" if is_password else "")


def parse_variables(text: str) -> tuple[ComposeService | None, dict[str, str]]:
    """Return the service of a container with one compose file, None if it has none or several, and
    its environment, from the output of container_variables.sh."""
    facts, variables = dict[str, str](), dict[str, str]()
    for line in text.split("\n")[:400]:
        word, _, rest = line.partition(" ")
        if word == "variable":
            name, _, value = rest.partition("=")
            variables[name] = value
        else:
            facts.setdefault(word, clean(rest.replace("<no value>", ""), 400))
    file, service = facts.get("compose", ""), facts.get("service", "")
    if not file.startswith("/") or "," in file or not service:
        return None, variables
    given = tuple(path for path in facts.get("environment", "").split(",") if path.startswith("/"))
    project, folder = facts.get("project", ""), facts.get("folder", "")
    own = ComposeService(project, service, folder, (file,), given)
    return own, variables


def files_of(own: ComposeService, text: str) -> tuple[str, ...]:
    """Return the files that have variables of a service or of its compose file: those of the
    project first, then those that the service names, in their order."""
    base = own.folder or posixpath.dirname(own.files[0])
    return (*(own.environment or (posixpath.join(base, ".env"),)),
            *env_files_of(text, own.service, own.files[0]))  # fmt: skip


def changed_variables(
    own: ComposeService, text: str, texts: Mapping[str, str], variables: Mapping[str, str]
) -> tuple[ChangedVariable, ...]:
    """Return the variables of a service whose values in the container are others than in its files
    now. A value that another program may have given at the start, or of a form that is not read
    here, is left out: so are those of a file that is not among `texts`, and all of a service that
    takes settings from another one (YAML's merge key; Compose specification, "extends")."""
    service = entry(entry(root_of(text), "services"), own.service)
    if service is None or entry(service, "extends") is not None:
        return ()
    of_project = own.environment or files_of(own, "")[:1]
    known = {name: value for path in of_project for name, value in _pairs(texts.get(path, ""))}
    wanted = dict[str, tuple[str, str]]()
    for path in env_files_of(text, own.service, own.files[0]):
        if path not in texts:
            return ()
        wanted |= {name: (value, path) for name, value in _pairs(texts[path]) if "$" not in value}
    for name, value in _environment(text, own.service).items():
        wanted.pop(name, None)
        whole = _interpolated(value, known)
        if whole is not None:
            wanted[name] = (whole, of_project[0] if "$" in value else own.files[0])
    changed = [
        _changed(name, path, variables.get(name), value)
        for name, (value, path) in wanted.items()
        if variables.get(name) != value and not (name not in variables and not value)
    ]
    return tuple(changed[:_MAX_CHANGED])


def _changed(name: str, path: str, before: str | None, now: str) -> ChangedVariable:
    is_secret = may_hold_secret(f"{name}={now}") or may_hold_secret(f"{name}={before}")
    shown = ("", "") if is_secret else (clean(before or "", 200), clean(now, 200))
    return ChangedVariable(clean(name, 100), path, *shown)


def _environment(text: str, service: str) -> dict[str, str]:
    """Return the variables that a compose file itself gives a service; those without a value, which
    come from the shell, are "${NAME}"."""
    import yaml

    node = entry(entry(entry(tree_of(text), "services"), service), "environment")
    if isinstance(node, yaml.SequenceNode):
        lines = [str(item.value) for item in node.value if isinstance(item, yaml.ScalarNode)]
        pairs = (line.partition("=") for line in lines)
        return {name: value if equals else "${" for name, equals, value in pairs}
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {
        str(key.value): str(value.value) if value.tag.endswith((":str", ":int")) else "${"
        for key, value in node.value
        if isinstance(value, yaml.ScalarNode)
    }


def _interpolated(value: str, known: Mapping[str, str]) -> str | None:
    """Return a value with the variables of the project's file in it; None if it names one that the
    file lacks, or has another form."""
    parts, at = list[str](), 0
    for match in _REFERENCE.finditer(value):
        name = match["bare"] or match["name"]
        if name not in known and match["or"] is None:
            return None
        parts += [value[at : match.start()], known.get(name) or match["or"] or ""]
        at = match.end()
    whole = "".join((*parts, value[at:]))
    return whole if "$" not in whole else None


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return the assignments of a file of variables (Compose specification, "Env_file format");
    values over several lines and those with escapes are left out."""
    pairs = list[tuple[str, str]]()
    for line in text.split("\n")[:_MAX_LINES]:
        match = _ASSIGNMENT.fullmatch(line[:2000].rstrip("\r"))
        if match is None:
            continue
        value = match["value"].strip()
        if value[:1] in {"'", '"'}:
            if len(value) < 2 or value[-1] != value[0] or "\\" in value or value[0] in value[1:-1]:
                continue
            value = value[1:-1]
        else:
            value = value.partition(" #")[0].rstrip()
        pairs.append((match["name"], value))
    return pairs
