"""How applications that may speak TLS themselves are told not to: behind a web server that does it,
they need no certificate. No I/O.

Sources: the documentation of each application (Mattermost: ServiceSettings.ConnectionSecurity;
Grafana: [server] protocol; Gitea: [server] PROTOCOL; Kibana: server.ssl.enabled).
"""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.edits import TextEdit, apply_edits
from diagnose.parsers.setting_values import Format, setting_value


@frozen
class TlsSwitch:
    """The key that switches TLS on with the value `on`, what it is without, and the keys of the
    files that it needs then."""

    form: Format
    key: str
    on: str
    off: str
    files: tuple[str, ...]


_SWITCHES = {
    "mattermost": TlsSwitch(
        "yaml", "ServiceSettings.ConnectionSecurity", "tls", "",
        ("ServiceSettings.TLSCertFile", "ServiceSettings.TLSKeyFile"),
    ),
    "grafana": TlsSwitch(
        "ini", "server.protocol", "https", "http", ("server.cert_file", "server.cert_key")
    ),
    "gitea": TlsSwitch(
        "ini", "server.PROTOCOL", "https", "http", ("server.CERT_FILE", "server.KEY_FILE")
    ),
    "kibana": TlsSwitch(
        "yaml", "server.ssl.enabled", "true", "false",
        ("server.ssl.certificate", "server.ssl.key", "server.ssl.keystore.path"),
    ),
}  # fmt: skip
_MISSING = re.compile(
    r"(?:open |stat |ENOENT: no such file or directory, open '|Unable to (?:load|read) |"
    r"No such file or directory: ['\"])(?P<before>/[\w./@+-]{1,300})"
)
_ABSENT = re.compile(r"(?i)no such file or directory|ENOENT|does not exist|cannot find the file")


def missing_file(message: str) -> str:
    """Return the file whose absence ends a program, by its own line; "" if it says another
    thing."""
    match = _MISSING.search(message) if _ABSENT.search(message) else None
    return match["before"].rstrip(".") if match else ""


def tls_switch(application: str) -> TlsSwitch | None:
    return _SWITCHES.get(application)


def without_tls(switch: TlsSwitch, text: str, missing: str) -> tuple[int, str, str] | None:
    """Return the line that switches TLS on, as it is and without TLS, with its number, if the
    missing file is one that TLS needs here; None otherwise."""
    values = (setting_value(text, switch.form, key) for key in switch.files)
    is_named = any(value is not None and value.values == (missing,) for value in values)
    switch_value = setting_value(text, switch.form, switch.key) if is_named else None
    if (
        switch_value is None
        or not switch_value.is_literal
        or tuple(v.lower() for v in switch_value.values) != (switch.on,)
    ):
        return None
    quote = text[switch_value.start : switch_value.start + 1]
    new = f"{quote}{switch.off}{quote}" if quote in {'"', "'"} else switch.off
    after = apply_edits(text, TextEdit(switch_value.start, switch_value.stop, new))
    row = text.count("\n", 0, switch_value.start)
    old_line, new_line = text.split("\n")[row], after.split("\n")[row]
    return (row + 1, old_line, new_line) if old_line != new_line else None
