"""The tools of the corpus: for each the commands that its user would type, and what they say."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

from .hosts import Host
from .scenario import Side

#: Seconds that a tool gets.
PATIENCE = 15

UPGRADE = (
    "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
    "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)  # fmt: skip

#: Messages of OpenSSL, curl and Go that name a cause, and the check that means the same. One that
#: fits several causes names none: "unable to get local issuer certificate".
MESSAGES = (
    (r"certificate has expired|certificate has expired or is not yet valid.*is after",
     "certificate.expired"),
    (r"certificate is not yet valid|is before", "certificate.not-yet-valid"),
    (r"self.signed certificate(?! in)", "certificate.self-signed"),
    (r"no alternative certificate subject name|hostname mismatch|certificate is valid for",
     "certificate.name-mismatch"),
    (r"Name or service not known|no such host", "dns.nxdomain"),
    (r"Maximum \(\d+\) redirects followed|stopped after \d+ redirects", "http.redirect-loop"),
    (r"[Cc]onnection refused", "tcp.refused"),
    (r"Connection timed out|connect: connection timed out", "tcp.timeout"),
    (r"server gave HTTP response to HTTPS client", "tls.plain-http"),
    (r"returned error: 5\d\d|status_code=5\d\d", "http.server-error"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """What is looked at: a page, and the paths of WebSockets. `target` and `args` are what diagnose
    is given."""

    host: str
    port: int
    tls: bool
    path: str
    websockets: tuple[str, ...]
    target: str
    args: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        return f"{scheme}://{self.host}" + ("" if self.port == usual else f":{self.port}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool says. `failed` is whether it says that something is wrong, None if it says that
    it does not know. `causes` are the checks that mean what it names; `concludes` is whether it
    calls them the cause, and does not only repeat what it met."""

    failed: bool | None
    causes: tuple[str, ...] = ()
    words: str = ""
    concludes: bool = False


Ask = Callable[[Host, Visit], Answer]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, and the host on which it is run."""

    name: str
    program: str
    ask: Ask
    side: Side = "client"
    applies: Callable[[Visit], bool] = field(default=lambda visit: True)


def installed(tool: Tool) -> bool:
    return shutil.which(tool.program) is not None


def named(text: str) -> tuple[str, ...]:
    """The checks that mean what a message says."""
    return tuple(check for pattern, check in MESSAGES if re.search(pattern, text))


def _diagnose(*more: str) -> Ask:
    def ask(host: Host, visit: Visit) -> Answer:
        words = ("diagnose", "--json", "--timeout", "40", *more, *visit.args, visit.target)
        return answer_of_diagnose(host.run(words, timeout=90, exact=True).stdout)

    return ask


def answer_of_diagnose(text: str) -> Answer:
    try:
        document = json.loads(text)
    except ValueError:
        return Answer(None, words="no document")
    verdict = document["verdict"]
    findings = {finding["id"]: finding for finding in document["findings"]}
    causes = tuple(
        findings[name]["check"]
        for name in verdict["root_causes"]
        if findings[name]["severity"] != "note"
    )
    known = {"ok": False, "unknown": None}.get(verdict["status"], True)
    return Answer(True if causes else known, causes, verdict["summary"], concludes=True)


def _curl(host: Host, visit: Visit) -> Answer:
    """The page, with its redirects; then each WebSocket's handshake."""
    common = ("curl", "-sS", "-o", "/dev/null", "--max-time", str(PATIENCE))
    done = host.run([*common, "-f", "-L", f"{visit.origin}{visit.path}"])
    if done.returncode != 0:
        return Answer(True, named(done.stderr), done.stderr.strip())
    for path in visit.websockets:
        status = ("-w", "%{http_code}", "--http1.1", "--max-time", "3")
        done = host.run([*common, *status, *UPGRADE, f"{visit.origin}{path}"])
        if not done.stdout.startswith("101"):
            return Answer(True, named(done.stderr), f"{path}: {done.stdout} {done.stderr}".strip())
    return Answer(False, words="ok")


def _openssl(host: Host, visit: Visit) -> Answer:
    done = host.run([
        "timeout", str(PATIENCE), "openssl", "s_client", "-connect", f"{visit.host}:{visit.port}",
        "-servername", visit.host, "-verify_hostname", visit.host, "-verify_return_error",
        "-brief",
    ])  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
    words = " ".join(lines[-2:]) or done.stderr.strip().rpartition("\n")[2]
    if done.returncode == 0:
        return Answer(False, words="ok")
    return Answer(True, named(done.stderr), words)


#: Starts the exporter, asks once, and ends it. Arguments: program, configuration, target.
_BLACKBOX = """
"$1" --config.file="$2" --web.listen-address=127.0.0.1:9115 >/dev/null 2>&1 &
exporter=$!
curl -sS --noproxy '*' --retry 40 --retry-delay 1 --retry-connrefused --max-time 30 -G \\
    --data-urlencode "target=$3" 'http://127.0.0.1:9115/probe?module=page&debug=true'
kill "$exporter"; wait "$exporter" 2>/dev/null; :
"""
_BLACKBOX_CONFIG = """\
modules:
  page:
    prober: http
    timeout: 10s
    http:
      preferred_ip_protocol: ip4
"""
_EXPORTER = "prometheus-blackbox-exporter"


def _blackbox(host: Host, visit: Visit) -> Answer:
    config = "/tmp/blackbox.yml"
    host.run(["sh", "-c", 'printf %s "$2" > "$1"', "sh", config, _BLACKBOX_CONFIG])
    url = f"{visit.origin}{visit.path}"
    done = host.run(["sh", "-c", _BLACKBOX, "sh", _EXPORTER, config, url], timeout=90)
    return answer_of_blackbox(done.stdout)


def answer_of_blackbox(text: str) -> Answer:
    success = re.search(r"^probe_success (\d)", text, re.MULTILINE)
    if success is None:
        return Answer(None, words="no answer")
    if success[1] == "1":
        return Answer(False, words="ok")
    errors = re.findall(r'err=("(?:[^"\\]|\\.)*"|\S+)|(status_code=[45]\d\d)', text)
    errors = list(dict.fromkeys(filter(None, (part for pair in errors for part in pair))))
    return Answer(True, named(" ".join(errors)), " ".join(errors)[-300:])


def _is_tls(visit: Visit) -> bool:
    return visit.tls


TOOLS = (
    Tool("diagnose outside", "sh", _diagnose("--outside")),
    Tool("diagnose on server", "sh", _diagnose(), "server"),
    Tool("curl", "curl", _curl),
    Tool("openssl", "openssl", _openssl, applies=_is_tls),
    Tool("blackbox", _EXPORTER, _blackbox),
)
