"""The addresses that a program connects to, by its own arguments, variables and settings:
websockify and socat ("HOST:PORT"), wetty ("--ssh-host"), ttyd with ssh, Guacamole's guacd. No I/O.

A message that says "connection refused" often names no address. Sources: websockify(1), wetty
docs/flags.md, ssh(1), guacamole.properties ("guacd-hostname", "guacd-port").
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.whole_numbers import whole_number

#: Guacamole's settings, and where guacd listens without one.
GUACAMOLE_SETTINGS = "/etc/guacamole/guacamole.properties"
_GUACD = "localhost", 4822
#: Variables that hold the address of another program, as those of a program's environment are
#: named by habit.
VARIABLES = (
    "REDIS_URL", "CACHE_URL", "CELERY_BROKER_URL", "BROKER_URL", "AMQP_URL", "RABBITMQ_URL",
    "DATABASE_URL", "MONGODB_URI", "MONGO_URL", "MQTT_URL", "REDIS_HOST", "REDIS_PORT",
    "GUACD_HOSTNAME", "GUACD_PORT",
)  # fmt: skip
#: The ports that a variable of the address means without one.
_USUAL_PORTS = {
    "redis": 6379, "rediss": 6379, "amqp": 5672, "postgres": 5432, "postgresql": 5432,
    "mysql": 3306, "mongodb": 27017, "mqtt": 1883,
}  # fmt: skip
_MAX_WORDS, _MAX_LINE = 60, 600

_PLACE = lazy_pattern(
    r"(?:--?[\w-]{1,40}=)?(?:(?:tcp|tcp4|TCP|vnc|telnet)[:/]{1,3})?"
    r"(?P<host>[A-Za-z][\w.-]{0,252}|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]{2,39}\])"
    r":(?P<port>\d{1,5})"
)
_OPTION = lazy_pattern(r"--(?P<what>[a-z]{2,20})-?(?:host|hostname|addr|address|server)")
_URL = lazy_pattern(
    r"(?P<scheme>[a-z][a-z0-9]{1,12})(?:\+\w{1,20})?://(?:[^\s/@]{0,300}@)?"
    r"(?P<host>[\w.-]{1,253}|\[[0-9a-fA-F:]{2,39}\])(?::(?P<port>\d{1,5}))?(?=[/?]|\Z)"
)
#: Options of ssh(1) that have a value of their own.
_WITH_VALUE = frozenset("BbcDEeFIiJLlmOopQRSWw")


def peer_addresses(
    words: Sequence[str], variables: Mapping[str, str], message: str, settings: str
) -> tuple[tuple[str, int], ...]:
    """Return the hosts and ports that a program connects to, each once. `message` is what it
    wrote, `settings` the text of Guacamole's."""
    peers = dict.fromkeys(
        (
            *_of_words(words[1:_MAX_WORDS]),
            *_of_variables(variables),
            *(_guacd(variables, settings) if "guacd" in message.lower() else ()),
        )
    )
    return tuple(peers)


def local_address(host: str) -> str:
    """Return the address for a host that means the machine itself: IPv4's for its name."""
    return "127.0.0.1" if host.lower() == "localhost" else host


def with_local_address(line: str, port: int, address: str) -> str:
    """Return a line that names localhost, or its address, once, with another address in its place:
    before this port, or, for 0, alone or before any port. "" if it names none, or several."""
    behind = rf":{port}(?!\d)" if port else r"(?![\w.-])"
    pattern = rf"(?<![\w.:-])(?:localhost|127\.0\.0\.1|\[?::1\]?)(?={behind})"
    matches = list(re.finditer(pattern, line))
    if len(line) > _MAX_LINE or len(matches) != 1:
        return ""
    match = matches[0]
    has_port = line[match.end() :].startswith(":")
    plain = address.strip("[]")
    shown = f"[{plain}]" if ":" in plain and has_port else plain
    new = f"{line[: match.start()]}{shown}{line[match.end() :]}"
    return new if new != line else ""


def _of_words(words: Sequence[str]) -> Iterator[tuple[str, int]]:
    for index, word in enumerate(words):
        following = words[index + 1 : index + 2]
        if match := _PLACE.fullmatch(word):
            yield from _peer(match["host"], match["port"])
        elif option := _OPTION.fullmatch(word.partition("=")[0]):
            host = word.partition("=")[2] or (following[0] if following else "")
            port = _value(words, f"--{option['what']}-port") or _value(
                words, f"--{option['what']}port"
            )
            yield from _peer(host, port or ("22" if option["what"] == "ssh" else ""))
        elif word.rpartition("/")[2] in {"ssh", "autossh"}:
            yield from _of_ssh(words[index + 1 :])
            return


def _value(words: Sequence[str], option: str) -> str:
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == option:
            return value if equals else next(iter(words[index + 1 : index + 2]), "")
    return ""


def _of_ssh(words: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield where ssh(1) connects to."""
    port, index = "22", 0
    while index < len(words) and words[index].startswith("-"):
        word = words[index]
        is_apart = len(word) == 2 and word[1] in _WITH_VALUE | {"p"}
        if word.startswith("-p"):
            port = word[2:] or next(iter(words[index + 1 : index + 2]), "")
        index += 2 if is_apart else 1
    if index < len(words):
        yield from _peer(words[index].removeprefix("ssh://").rpartition("@")[2], port)


def _of_variables(variables: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for value in variables.values():
        if match := _URL.match(value):
            port = match["port"] or str(_USUAL_PORTS.get(match["scheme"], ""))
            yield from _peer(match["host"], port)
    if host := variables.get("REDIS_HOST"):
        yield from _peer(host, variables.get("REDIS_PORT") or "6379")


def _guacd(variables: Mapping[str, str], settings: str) -> Iterator[tuple[str, int]]:
    """Yield where Guacamole looks for guacd."""
    host = _setting(settings, "guacd-hostname") or variables.get("GUACD_HOSTNAME") or _GUACD[0]
    port = _setting(settings, "guacd-port") or variables.get("GUACD_PORT") or str(_GUACD[1])
    yield from _peer(host, port)


def _setting(text: str, name: str) -> str:
    """Return the value of a line of a file of Java's properties, "" without one."""
    match = re.search(
        rf"(?m)^[ \t]{{0,8}}{name}[ \t]{{0,8}}[:=][ \t]{{0,8}}([^\s#]{{1,253}})", text
    )
    return match[1] if match else ""


def _peer(host: str, port: str) -> Iterator[tuple[str, int]]:
    number = whole_number(port)
    host = host.strip("[]")
    if host and re.fullmatch(r"[\w.:-]{1,253}", host) and number and number < 65536:
        yield host, number
