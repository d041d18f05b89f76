"""What could not be observed, and why, in the words of the probes (`diagnose.model.Unseen`)."""

from diagnose.i18n import failures, reports
from diagnose.i18n.messages import Message, Messages
from diagnose.i18n.recognized import recognize

MESSAGES = Messages(
    # What
    Message("gap.listeners", "the processes that listen"),
    Message("gap.interfaces", "the network interfaces"),
    Message("gap.server", "the server"),
    Message("gap.containers", "containers"),
    Message("gap.services", "the services that failed"),
    Message("gap.zones", "firewalld's zones"),
    Message("gap.permanent", "firewalld's permanent configuration"),
    Message("gap.rules", "the packet filter's rules"),
    Message("gap.legacy-rules", "the rules of {tool}"),
    Message("gap.printed", "what {command} prints"),
    Message("gap.bans", "whom fail2ban has banned"),
    Message("gap.tracking", "what connection tracking dropped"),
    Message("gap.kernel", "what the kernel does with packets for port {port}"),
    Message("gap.run", "what the kernel does with packets of this run"),
    Message("gap.arrivals", "whether packets for port {port} arrive"),
    Message("gap.web-servers", "the web servers other than nginx"),
    Message("gap.test", "{server}'s configuration test"),
    Message("gap.configuration", "{server}'s configuration"),
    Message("gap.running", "the configuration with which Caddy runs"),
    Message("gap.virtual-hosts", "Apache's own list of its virtual hosts"),
    Message("gap.statistics", "HAProxy's statistics ({path})"),
    Message("gap.log", "{server}'s log"),
    Message("gap.api", "{server}'s API"),
    Message("gap.application-log", "the log of the application"),
    Message("gap.container-environment", "the environment of the container"),
    Message("gap.databases-beside", "the databases beside the container"),
    Message("gap.maintenance-marks", "the marks of maintenance"),
    Message("gap.application-limits", "the time limits of the application"),
    Message("gap.application-settings", "the settings of the application"),
    Message("gap.applications", "the applications behind nginx"),
    Message("gap.key", "whether {path} belongs to its certificate"),
    Message("gap.handshake", "the TLS handshake with {where}"),
    Message("gap.address", "the address of {name}"),
    Message("gap.answer", "the answer of {url}"),
    Message("gap.rest-of-page", "the rest of {url}"),
    Message("gap.elsewhere", "{subject}, as {url} gets it"),
    Message("gap.certificate", "the certificate"),
    Message("gap.http", "the HTTP answer"),
    Message("gap.by-proxy", "DNS, ICMP errors, the route, port 80"),
    Message("gap.roots", "trusted roots"),
    Message("gap.cloud", "the cloud's rules in front of the server"),
    Message(
        "gap.untried", "forms, uploads, sign-in, other pages, other clients and other networks"
    ),
    Message("gap.visits", "the requests for {paths}"),
    Message("gap.visits-elsewhere", "the requests at {url}"),
    # Why
    Message("gap.not-tried", "if something fails there, give its error message"),
    Message("gap.long-page", "it has more than {number} MiB"),
    Message("gap.slow-page", "it had not ended after some seconds"),
    Message("gap.tracefs", "tracefs is not mounted"),
    Message("gap.not-permitted", "not permitted, it needs root"),
    Message("gap.no-python", "there is no python3 on the server"),
    Message("gap.no-curl", "the server has no curl"),
    Message("gap.not-there", "{program} is not installed there"),
    Message("gap.not-installed", "{program} is not installed"),
    Message("gap.failed", "nft failed"),
    Message("gap.foreign", "it runs in a container or for another user"),
    Message("gap.owners", "it would give nginx's folders to another user"),
    Message("gap.not-as-service", "it could not be run as the service runs it"),
    Message("gap.unread", "it could not be read"),
    Message("gap.not-understood", "it was not understood"),
    Message("gap.api-off", "its API is off"),
    Message("gap.log-level", "its level leaves the errors of requests out"),
    Message("gap.unlogged", "access_log is off there"),
    Message("gap.no-log", "{server} writes no log of requests: {line} switches it on"),
    Message("gap.other-program", "diagnose does not read it"),
    Message("gap.another-port", "this run asks another port"),
    Message("gap.redirected", "rules redirect the port to another machine, for visitors alone"),
    Message("gap.time-over", "the time of this run was over"),
    Message("gap.proxy", "the proxy resolves the name and makes the connections"),
    Message(
        "gap.link-local", "a link-local or metadata address is asked only as the target itself"
    ),
    Message("gap.no-roots", "this machine has none"),
    Message("gap.unknown-cloud", "diagnose does not read the rules of {title}"),
    Message("gap.unasked-cloud", "{title} has rules of its own, and its API was not asked"),
    Message(
        "gap.no-credentials",
        "no credentials were found for {titles}; they were looked for in {places}",
    ),
    Message(
        "gap.unread-part", "{title} did not let it be read; these actions are needed: {actions}"
    ),
    Message("gap.forbidden", "{title} does not allow {action} ({message})"),
)


def text(words: str, lang: str) -> str:
    """Return what or why in a language, unchanged if it is a path or a program's message."""
    translation = reports.text_or_key(words, lang)
    if translation != words:
        return translation
    translation = recognize(MESSAGES, words, lang, text)
    return translation if translation != words else failures.text(words, lang)
