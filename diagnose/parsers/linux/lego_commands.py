"""lego's command line, as a table of cron, a unit or a script has it (lego, "Command line"): it
keeps no settings of its own. No I/O."""

import re
import shlex

from diagnose.model.frozen import frozen

#: The program at the beginning of a command, behind the schedule and the user of a line of cron, or
#: behind `ExecStart=`.
_LEGO = re.compile(r"(?:^|[\s=])((?:/[\w./-]{1,200}/)?lego\s.*)")
#: What a shell would make something else of, or hides: variables, and secrets among the words.
_NOT_PLAIN = re.compile(r"[$`%\\]|(?i:hmac|secret|token|pass)")
#: Options whose value is the next word.
_WITH_VALUE = frozenset({
    "--domains", "--path", "--http.port", "--http.webroot", "--email", "--server", "--days",
    "--key-type", "--renew-hook", "--run-hook", "--deploy-hook", "--filename", "--csr",
    "--preferred-chain", "--cert.timeout", "--http-timeout", "--user-agent", "--profile",
    "--pem.password", "--pfx.pass", "--http.proxy-header", "--overall-request-limit",
})  # fmt: skip
_SHORT = {"-d": "--domains", "-m": "--email", "-s": "--server", "-k": "--key-type"}
#: Ways in which a name is proved without a server of lego's own for http.
_OTHER_WAYS = ("--http.webroot", "--http.memcached-host", "--http.s3-bucket", "--dns", "--tls")


@frozen
class LegoCommand:
    """A command that proves names by lego's own server: all its words, the first of its names, and
    the port at which it waits."""

    words: tuple[str, ...]
    name: str
    port: int


def lego_command(line: str) -> LegoCommand | None:
    """Return the command in a line; None if it has none, if it proves names in another way, or if
    its words depend on what is not known here."""
    match = _LEGO.search(line)
    words = _words(match[1]) if match else ()
    if not words:
        return None
    options = _options(words[1:])
    names = [name for name in ",".join(options.get("--domains", ())).split(",") if name]
    port = (options.get("--http.port") or (":80",))[-1].rpartition(":")[2]
    is_by_http = "--http" in options and not any(way in options for way in _OTHER_WAYS)
    if not is_by_http or not names or not re.fullmatch(r"[1-9][0-9]{0,4}", port):
        return None
    return LegoCommand(words, names[0].lower(), int(port))


def _words(text: str) -> tuple[str, ...]:
    """Return the words up to what ends a command in a shell; () if they are not plain."""
    reader = shlex.shlex(text, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    reader.commenters = ""
    words: list[str] = []
    try:
        for word in reader:
            if re.fullmatch(r"[();<>|&]+", word):
                break
            words.append(word)
    except ValueError:
        return ()
    return () if any(map(_NOT_PLAIN.search, words)) else tuple(words)


def _options(words: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the values of each option, by its long name; a switch has the value ""."""
    options: dict[str, list[str]] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            continue
        option, equals, value = word.partition("=")
        name = _SHORT.get(option, f"--{option.lstrip('-')}")
        if not equals and name in _WITH_VALUE:
            value = next(rest, "")
        options.setdefault(name, []).append(value)
    return options
