"""The texts of the outputs besides the checks' own texts."""

from diagnose.i18n.messages import Message, Messages, PluralMessage

MESSAGES = Messages(
    # How texts are joined
    # NOTE: between the items of a list.
    Message("join.list", ", "),
    # NOTE: between phrases of one sentence.
    Message("join.phrases", ", "),
    # NOTE: between clauses.
    Message("join.clauses", "; "),
    Message("join.sentences", "{first} {second}"),
    # NOTE: stands for a list without an item.
    Message("join.none", "none"),
    # NOTE: behind what it is about, with the space before it if there is one.
    Message("join.remark", " ({remark})"),
    # NOTE: the end of a failed attempt: type/code and sender.
    Message("icmp-error", "ICMP {number} from {sender}"),
    Message("this-machine", "this machine"),
    # The verdict
    Message("ok", "OK"),
    Message("warning", "WARNING"),
    Message("critical", "CRITICAL"),
    Message("unknown", "UNKNOWN"),
    Message("healthy", "{url} is healthy."),
    Message("healthy-refusing", "{url} answers {answer}. Nothing shows that this is a fault."),
    # NOTE: {title} says why it answers so.
    Message(
        "healthy-explained", "{url} answers {answer}: {title}. Nothing shows that this is a fault."
    ),
    # NOTE: behind "healthy"; {title} is what was found out about another page of the site.
    Message("other-page", "Visitors did not get another page: {title}."),
    # NOTE: behind "healthy"; {title} is what was read about a file of this page.
    Message("page-part", "Not all of the page reaches visitors: {title}."),
    # NOTE: behind "healthy"; {title} is a note: a ban, a limit. A person complained of something.
    Message("suspect", "Perhaps this is meant: {title}."),
    # NOTE: {words} is what the page of the answer says.
    Message(
        "healthy-quoted",
        "{url} answers {answer}, and its own words are “{words}”: whether this is a fault, the "
        "application decides.",
    ),
    Message("healthy-only", "{url}: {layers} healthy. Nothing else was judged."),
    Message("healthy-but", "{url} is healthy. Not judged: {layers}."),
    Message(
        "healthy-inside",
        "{url} is healthy, as far as its server shows. What visitors get was not judged.",
    ),
    # NOTE: asked on the server, and a message says that visitors do not reach it.
    Message(
        "healthy-here",
        "{url} works on its own server. Whether visitors reach it is not seen from there.",
    ),
    Message("unjudged-why", "{url} could not be judged: {why}."),
    Message(
        "symptom-unexplained", "what the message reports was met here too, and its cause is unknown"
    ),
    # NOTE: {method} is POST, PUT, MOVE …
    Message(
        "healthy-untried",
        "{url} answers a GET. The message is about a {method}, which this run did not send: "
        "whether that fails was not seen.",
    ),
    # NOTE: this run did not ask for what a browser's message tells of.
    Message(
        "healthy-unseen",
        "Nothing wrong with {url} was seen. Whether what the message says occurs now was not seen.",
    ),
    # NOTE: behind what a page answers.
    Message("message-unseen", "Whether what the message says occurs now was not seen."),
    Message(
        "message-unread",
        "Nothing wrong with {url} was seen, and the message is not understood: what it says was "
        "not looked at.",
    ),
    PluralMessage("more-causes", "{title} (and {count} more)", "{title} (and {count} more)"),
    Message("likely-title", "Probably: {title}"),
    Message("possible-title", "Possibly: {title}"),
    PluralMessage(
        "certificate-days",
        "The certificate is valid for {count} more day.",
        "The certificate is valid for {count} more days.",
    ),
    Message("certificate-until", "The certificate is valid until {date}."),
    Message("interrupted", "Interrupted: this is what was known by then."),
    # Missing proof
    Message("missing", "not seen: {what}"),
    Message("missing.why", "{what} ({why})"),
    Message("missing.addresses", "the addresses of {places}"),
    Message("missing.connection", "a connection to {places}"),
    Message("missing.handshake", "a TLS handshake with {places}"),
    Message("missing.verification", "a verified certificate from {places}"),
    Message("missing.answer", "an HTTP answer from {places}"),
    Message("missing.websocket", "a WebSocket that opens at {places}"),
    Message("missing.listener", "a listener on {places}"),
    Message("missing.vantage", "an answer at {places}"),
    Message("missing.layer", "anything of the layer {layer}"),
    Message("it-was-interrupted", "the run was interrupted"),
    Message("running", "the run goes on"),
    Message("read-as", "read as {read_as}"),
    Message("read-as.inside", "the URL found in the line"),
    Message("read-as.message", "the site that the error message names"),
    Message("read-as.others", "not {hosts}"),
    Message("read-as.credentials", "user name and password left out"),
    Message("read-as.secrets", "secrets in its query left out"),
    Message("read-as.idn", "the name in its ASCII form"),
    Message("read-as.ipv6", "all of it an IPv6 address, no port"),
    Message("read-as.port", "port 80 speaks http"),
    Message(
        "read-as.served",
        "this server has a site there, and nothing set up for https on port 443",
    ),
    Message("read-as.redirected", "http redirects there"),
    Message("judged-for", "judged for the visitor {address}"),
    Message("requested-by", "the page was requested by {method}"),
    Message("wait.name", "the name {subject}: waiting, {waited} of {limit} s"),
    Message("wait.query", "DNS server {subject}: waiting, {waited} of {limit} s"),
    Message("wait.connection", "TCP {port} on {subject}: waiting, {waited} of {limit} s"),
    Message("wait.answer", "{subject} port {port}: no answer yet, {waited} of {limit} s"),
    Message("idle.until", "{path} is held in silence until {time}"),
    Message("idle.front", "through the site"),
    Message("idle.application", "at the application itself"),
    Message("not-yet", "not yet: {sentence} (again, for {seconds} s at most)"),
    Message("idle.held", "{path} {way}: held in silence for {seconds} s, and it stayed open"),
    Message("idle.cut", "{path} {way}: cut after {seconds} s of silence"),
    Message(
        "idle.busy",
        "{path} {way}: held for {seconds} s; the server itself sends something every {rhythm} s,"
        " so it was never idle",
    ),
    Message(
        "idle.not", "no WebSocket was held in silence for {seconds} s: none opened and stayed open"
    ),
    # Watching
    # NOTE: a pulse is three small requests between two whole diagnoses.
    Message(
        "watch.begins",
        "A pulse every {interval} s, the whole diagnosis every {full} s and when a pulse differs.",
    ),
    # NOTE: why a whole diagnosis was made: an answer that is not what it was.
    Message("watch.difference", "a pulse differed: {difference}"),
    Message("watch.pulses", "{pulses} pulses; the last whole diagnosis is {age} s old"),
    # Other places (--vantage)
    # NOTE: one line of a comparison: a place, an address, what it got there.
    Message("vantage.line", "from {place}: {address}: {outcome}"),
    Message("vantage.here", "here"),
    # NOTE: stands for {place} in vantage.line: this machine, asking the server behind a CDN.
    Message("vantage.origin", "here, at the origin"),
    Message("vantage.answered", "answered {status}"),
    Message("vantage.connected", "connected"),
    Message("vantage.no-answer", "connected, no answer ({reason})"),
    Message("vantage.no-tls", "connected, no TLS ({reason})"),
    Message("vantage.no-connection", "no connection ({reason})"),
    Message("vantage.no-address", "no address ({reason})"),
    Message("vantage.unusable", "from {place}: not seen ({reason})"),
    Message("why-elsewhere", "seen from elsewhere"),
    # NOTE: on stderr, before anything is sent.
    Message(
        "globalping.public",
        "Globalping visits {urls} from public probes. That this was asked, and all results, are"
        " public, for anybody to read. No query, header field or cookie is sent. A name or address"
        " that is private is not sent at all.",
    ),
    # Layers
    Message("layer.host", "host"),
    Message("layer.dns", "DNS"),
    Message("layer.cloud", "cloud"),
    Message("layer.tcp", "TCP"),
    Message("layer.listener", "listener"),
    Message("layer.firewall", "firewall"),
    Message("layer.nginx", "nginx"),
    Message("layer.server", "other server"),
    Message("layer.tls", "TLS"),
    Message("layer.certificate", "certificate"),
    Message("layer.http", "HTTP"),
    Message("layer.upstream", "upstream"),
    Message("layer.websocket", "WebSocket"),
    Message("reason.inside", "needs a look inside"),
    Message("reason.not-reached", "nothing got that far"),
    Message("reason.not-read", "its rules were not read"),
    Message("reason.not-used", "not in use"),
    Message("reason.not-asked", "not asked for"),
    Message("reason.ignored", "what is wrong here is ignored"),
    # Findings
    Message("error", "error"),
    Message("warn", "warning"),
    Message("note", "note"),
    Message("certain", "certain"),
    Message("likely", "likely"),
    Message("possible", "possible"),
    Message("why", "seen"),
    Message("why-inside", "seen on the server"),
    PluralMessage("more-evidence", "{count} more: see -v", "{count} more: see -v"),
    Message("ruled-out", "ruled out"),
    Message("symptoms", "explains:"),
    # Ignores (--ignore)
    # NOTE: a heading, and said of one finding.
    Message("ignored", "ignored"),
    Message("ignored.until", "ignored until {date}"),
    # NOTE: {text} is one of ignored, ignored.until and ignored.expired; {reason} is the user's own.
    Message("ignored.why", "{text} ({reason})"),
    Message("ignored.checks", "Ignored: {checks}."),
    Message("ignored.only", "{url}: nothing is wrong but what is ignored: {checks}."),
    Message("ignored.expired", "the ignore of {check} ended on {date} and no longer applies"),
    # Fixes
    Message("fix", "fix"),
    Message("automatic", "safe to run as it stands"),
    Message("review", "read it before you run it"),
    Message("manual", "by hand"),
    Message("server", "on the server"),
    Message("client", "on this machine"),
    Message("cloud-console", "in the cloud's console"),
    Message("dns-provider", "at the DNS provider"),
    Message("application", "in the application"),
    Message("as-root", ", as root:"),
    Message("as-anyone", ":"),
    Message("risk", "risk"),
    Message("risk.none", "none, it only looks"),
    Message("risk.opens-to-all", "opens the port to everybody"),
    Message("risk.opens-to-some", "lets in an address that was kept out"),
    Message("risk.interrupts", "restarts a service, open connections break"),
    Message("risk.stops", "stops a program"),
    Message("risk.starts", "starts a program"),
    Message("risk.reloads", "reloads, open connections stay"),
    Message("risk.changes-access", "changes who may use a file or port"),
    Message("risk.removes-files", "removes a file"),
    Message("risk.edits-files", "changes files"),
    Message("risk.orders-certificate", "requests a certificate"),
    Message("risk.changes-kernel", "changes a setting of the kernel"),
    Message("risk.changes-network", "changes the network, which may cut you off"),
    Message("risk.changes-system", "changes the system"),
    Message("risk.by-hand", "depends on how it is done"),
    Message("verify", "verify"),
    Message("undo", "undo"),
    # Other
    Message("not-seen", "not seen"),
    Message("our-fault", "a fault of diagnose itself"),
    # NOTE: behind a report in which "a fault of diagnose itself" stands.
    Message(
        "fault-report",
        "diagnose: {path} is a report of this fault, to send. Names and addresses may be in it.",
    ),
    Message("run", "the rest of the run"),
    Message("deadline", "the time allowed was over"),
    Message("too-busy", "this machine was too busy to wait for the answers"),
    Message(
        "the-way-to-this-server",
        "what lies between visitors and this server, such as a security group",
    ),
    Message("seen-from-another-machine-only", "it shows only from another machine"),
    Message("needs-root", "needs root"),
    Message("the-command-did-not-end-in-time", "the command did not end in time"),
    Message("the-command-is-not-permitted", "the command is not permitted"),
    Message("the-command-failed", "the command failed"),
    Message("the-program-is-not-installed", "the program is not installed"),
    Message("curl-is-not-installed,-or-gave-no-answer", "curl is not installed, or gave no answer"),
    Message("it-runs-in-a-container", "it runs in a container"),
    Message("it-has-a-network-of-its-own", "it has a network of its own"),
    Message("another-user-runs-it", "another user runs it"),
    Message("logged-to-no-file", "logged to no file"),
    PluralMessage("count.causes", "{count} root cause", "{count} root causes"),
    PluralMessage("count.symptoms", "{count} consequence", "{count} consequences"),
    PluralMessage("count.notes", "{count} note", "{count} notes"),
    Message("counts", "{counts}."),
    Message("next", "next"),
    # What is still wrong when the root causes are mended
    # NOTE: stands before one of the next sentences.
    PluralMessage("after-fix", "after the fix", "after the fixes"),
    Message("after.nothing", "nothing else is wrong"),
    Message("after.nothing-inside", "nothing else is wrong, seen from the server itself"),
    Message("after.none-seen", "no other fault was seen"),
    Message("after.remaining", "still wrong: {title}"),
    Message("after.unanswered", "nothing explains the message"),
    Message("after.ignored", "ignored: {checks}"),
    # NOTE: layers, such as "TLS, HTTP", and the addresses with ports that this is about.
    Message("after.at", "{layers} on {places}"),
    Message("timeline", "timeline"),
    # explain and list
    # NOTE: a heading of the checks' pages (checks/*/*.LANG.md), word for word.
    Message("page.meaning", "What it means"),
    # NOTE: a heading of the checks' pages.
    Message("page.remedy", "What to do"),
    # NOTE: a heading of the checks' pages.
    Message("page.verify", "How to check"),
    # NOTE: a heading of the checks' pages.
    Message("page.steps", "Steps"),
    # NOTE: a heading of the checks' pages.
    Message("page.general", "In general"),
    Message("steps-here", "The exact steps are printed with the finding."),
    # Thresholds of a plugin (-w, -c)
    # NOTE: {name} is the label of a measurement, such as response_time.
    Message("threshold.outside", "{name} is {value}, outside {range}"),
    Message("threshold.inside", "{name} is {value}, inside {range}"),
    Message("threshold.unmeasured", "{name} was not measured"),
    # record, bundle
    PluralMessage(
        "recorded",
        "{path}: {count} observation, names and addresses masked.",
        "{path}: {count} observations, names and addresses masked.",
    ),
    Message("bundled", "{path}: report and recording, names and addresses masked."),
    # demo
    Message(
        "demo",
        "A site on loopback, made for this run: real servers, real TLS, and one fault, as "
        "`{command}` sees it:",
    ),
    Message(
        "demo.ended",
        "The site ended with this run: these commands no longer reach it. To apply the fix, "
        "run `diagnose demo` full screen, on a terminal.",
    ),
    Message("demo.unreachable", "The port of HTTPS cannot be reached: connection refused."),
    Message("demo.websocket", "The WebSocket answers 404: nginx does not pass the upgrade on."),
    Message("demo.expired-certificate", "The certificate has expired."),
    Message("demo.redirect-loop", "The site redirects to itself: ERR_TOO_MANY_REDIRECTS."),
    Message("demo.renewed-certificate", "The certificate was renewed; nginx shows the old one."),
)

translate = MESSAGES.translate


def text_or_key(key: str, lang: str) -> str:
    """Return the text of a key, or the key itself if it is not one but a text."""
    for candidate in (key, key.replace(" ", "-")):
        if candidate in MESSAGES:
            return translate(candidate, lang)
    return key
