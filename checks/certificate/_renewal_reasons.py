"""Why a tool could not renew a certificate, by the words that it logged: those of the authority
(Boulder's errors, RFC 8555 section 6.7), of certbot's plugins and of acme.sh."""

import re

from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import RenewalFailure
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.linux.renewal_logs import challenge_status

#: Each reason, and its words. Of several the first counts: the authority tells of a limit and of
#: CAA in an answer that may hold the words of others.
_REASONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("limited", re.compile(
        r"rate ?limit|too many (?:certificates|failed|requests)|retryafter=[0-9]", re.IGNORECASE)),
    # certbot's standalone server finds port 80 in use (plugins/standalone.py, acme).
    ("port_taken", re.compile(r"bind(?:ing)? to (?:TCP )?port|Could not bind", re.IGNORECASE)),
    # The authority is not reached: the words are those of its own connection (requests; curl's exit
    # status in acme.sh; Go's net in lego).
    ("no_authority", re.compile(
        r"HTTPSConnectionPool\(host='acme|api\.letsencrypt\.org.{0,200}(?:timed out|refused|resol"
        r"|no such host|i/o timeout)|[Cc]an ?not init api|error code: (?:6|7|28|35|60)\b"
        r"|get directory at ")),
    # cron's own PATH has no /usr/sbin, where the web server is (NoInstallationError).
    ("no_binary", re.compile(
        r"NoInstallationError|Could not find a usable '?\w|[Cc]annot find Apache executable"
        r"|your PATH is set correctly")),
    # The settings name no folder for the name, or one that is gone (plugins/webroot.py).
    ("no_folder", re.compile(
        r"(?:Input|Select) the webroot for|does not exist or is not a directory")),
    # A plugin of its settings is not there (certbot/_internal/plugins/selection.py).
    ("no_plugin", re.compile(
        r"plugin does not appear to be installed|Could not choose appropriate plugin")),
    # The files in certbot's folder `live` were copied, and their links were not (storage.py).
    ("no_link", re.compile(r"to be a symlink")),
    # certbot's plugin cannot read or load nginx's configuration (certbot_nginx/configurator.py).
    ("plugin_broken", re.compile(
        r"plugin is not working|MisconfigurationError|Error while running nginx"
        r"|nginx restart failed|Unable to (?:read|parse|start) nginx", re.IGNORECASE)),
    ("caa", re.compile(r"\bCAA\b")),
    ("no_record", re.compile(r"(?:Incorrect|No) TXT record|looking up TXT")),
    ("no_name", re.compile(
        r"NXDOMAIN|SERVFAIL|No valid (?:IP addresses|A records) found|DNS problem", re.IGNORECASE)),
    ("unreachable", re.compile(
        r"Timeout during connect|likely firewall problem|Connection (?:refused|reset|timed out)"
        r"|No route to host|Network unreachable|Timeout after connect", re.IGNORECASE)),
    ("wrong_answer", re.compile(
        r"Invalid response from|key authorization file from the server did not match")),
    # What the interfaces of DNS providers answer to certbot's plugins and to acme.sh.
    ("credentials", re.compile(
        r"credential|authenticat(?:e|ion) (?:error|fail)|invalid (?:api|access|secret|token)"
        r"|(?:api|access)[ _-]?(?:key|token).{0,40}?(?:invalid|wrong|not found|expired)"
        r"|InvalidAccessKey|Unknown X-Auth|determining zone_id|Unable to determine"
        r"|add txt for domain|\b40[13]\b",
        re.IGNORECASE)),
)  # fmt: skip
#: The reasons, in the order in which they count.
REASONS = tuple(name for name, _ in _REASONS)
#: "2001:db8::1: Fetching http://…": the address that the authority asked.
_ASKED = lazy_pattern(
    r"(?<![\w:.])([0-9A-Fa-f:.]{2,45}): (?:Fetching|Invalid response|During secondary)"
)


def is_after(failure: RenewalFailure, file: CertificateFile) -> bool:
    """Return whether a failure may be later than the last change of a certificate's file. The run
    that wrote the file ends its log in the same second, or later."""
    return failure.when is None or file.changed is None or failure.when > file.changed


def renewal_reason(message: str) -> dict[str, object]:
    """Return the facts about a message: each reason as True or False, `known` if there is one,
    `asked_ipv6` the IPv6 address that the authority asked ("" if it names none), and
    `challenge_status` the status that it got."""
    reason = next((name for name, pattern in _REASONS if pattern.search(message)), "")
    asked = _ASKED.search(message)
    address = asked[1] if asked else ""
    return {
        **{name: name == reason for name, _ in _REASONS},
        "known": bool(reason),
        "asked_ipv6": address if ":" in address and is_address(address) else "",
        "challenge_status": challenge_status(message) or "",
    }
