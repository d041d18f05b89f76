"""The symptom that a person pasted: an error message, or words about one."""

from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.model.marks import Text

#: Words of a message of which nothing else is known. Fewer are a slip in a command line.
FEWEST_WORDS = 4
#: Marks of a message that is data or a program's text: no operand has them.
MESSAGE_MARKS = frozenset('{}"<>')
#: A status of an error that visitors get, nginx's own and Cloudflare's too. 443 is a port.
ERROR_STATUS = r"(?:4[0-2]\d|431|451|49\d|5[0-3]\d)"

#: What a message says, in the order of the layers. "not-connected": a message that does not say
#: which of refused, unreachable or timeout it was; "certificate-date": expired or not yet valid;
#: "certificate-untrusted": self-signed, or its issuer is unknown; "hsts": a certificate's error
#: that a visitor may not skip; "certificate-status": what the issuer says of it (OCSP) is missing
#: or old; "ech": Encrypted Client Hello failed; "signature": a storage server computes another
#: signature of the request; "conntrack": the kernel's table of connections is full; "unusable":
#: words that say only that the site cannot be opened; "data": a script got a page where it expected
#: JSON; "client-policy": a client's own setting forbids the host (a mini program's list);
#: "extension": an extension of the visitor's browser did not let the request out;
#: "characters": a page whose text is garbled; "proxy": the client's own proxy failed or did not
#: connect; "acme-port": a program that orders a certificate needs a port which another program
#: has; "login-address": a login elsewhere refuses the address to which it has to lead back;
#: "outgoing": a program of the site does not reach what it asks for itself (a login's provider, a
#: mail server, the site's own name);
#: "program-limit": a program keeps a visitor out, or has reached a limit of its own;
#: "grpc": a client of gRPC says that its call failed, and no status of HTTP;
#: "callback": a service that calls the site (a payment, a webhook, a health check) does not reach
#: it; "application": a message with which a known application says that its own address or
#: the proxy before it is not set up right.
#: What people say in their own words (diagnose/parsers/complaints.py): "visitor-address": everybody
#: has one address; "request-field": a field of the request does not arrive; "response-field":
#: a field of the response is missing, as scanners say; "stream": a stream comes all at once;
#: "download": a page is downloaded, or its source is shown; "cached": old content, or another
#: visitor's; "upload": an upload fails; "sometimes": it fails at times; "hidden-file": visitors
#: get a file of the program that nobody may see (".env"); "other": words of which nothing is known.
#: What a visitor sees (diagnose/parsers/visible_faults.toml): "slow"; "page-files": style sheets,
#: scripts or pictures do not load; "blank": an empty page; "wrong-site": another site, or a
#: server's welcome page; "not-secure": the browser's mark beside the address; "wrong-address": a
#: link or a redirect leads to a wrong address; "not-loaded": a change of the configuration has no
#: effect; "certificate-outdated": the old certificate after a renewal; "method": a POST arrives as
#: GET; "ranges": a film cannot be wound or played; "other-name": the site fails with www., without
#: it, or under another of its names; "some-visitors": it fails for some visitors alone; "filing": a
#: provider's page about the ICP filing that China demands; "login": nobody can sign in, or who did
#: is not signed in. What works where it fails (diagnose/parsers/clauses.toml): "not-outside": it
#: works on the server or in its network; "not-through-proxy": the application answers by itself;
#: "not-over-https": it works over http; "not-by-name": it works by the address.
SymptomKind = Literal[
    "name", "refused", "unreachable", "timeout", "not-connected", "reset", "closed",
    "certificate-expired", "certificate-not-yet-valid", "certificate-date", "certificate-name",
    "certificate-self-signed", "certificate-issuer", "certificate-untrusted",
    "certificate-revoked", "certificate-weak", "certificate-transparency", "certificate-status",
    "certificate-constraint", "certificate", "hsts",
    "pinned", "tls-plain", "tls-version", "tls-parameters", "tls-name", "tls-client-certificate",
    "tls-client-certificate-rejected", "tls",
    "ech", "status", "plain-to-tls", "redirects", "incomplete", "decoding", "invalid-response",
    "http2", "http3", "signature",
    "cors", "csrf", "login-address", "mixed-content", "csp", "mime",
    "frame", "cookie", "data", "characters",
    "websocket-status", "websocket-closed", "websocket-accept", "websocket-subprotocol",
    "websocket", "client-policy", "extension", "proxy",
    "upstream-refused", "upstream-unreachable", "upstream-timeout", "upstream-denied",
    "upstream-missing", "upstream-closed", "upstream-none-live", "upstream-tls", "upstream-name",
    "upstream-header", "request-header", "body-size", "limit", "conntrack", "no-space", "no-files",
    "program-limit", "file-denied", "file-missing", "script",
    "internal-redirects", "port-in-use", "address-unavailable", "port-permission",
    "nginx-certificate", "nginx-key", "nginx-config", "nginx-start",
    "server-application", "server-application-tls", "server-application-slow",
    "server-no-backend", "server-denied", "server-file", "server-rewrite", "server-module",
    "server-certificate", "server-config", "server-start", "server-port", "server-workers",
    "acme-connect", "acme-dns", "acme-caa", "acme-response", "acme-limit", "acme-port", "acme",
    "grpc", "callback", "outgoing", "application",
    "visitor-address", "request-field", "response-field", "stream", "download", "cached", "upload",
    "sometimes", "hidden-file",
    "slow", "page-files", "blank", "wrong-site", "not-secure", "wrong-address", "not-loaded",
    "certificate-outdated", "method", "ranges", "other-name", "some-visitors", "filing", "login",
    "not-outside", "not-through-proxy", "not-over-https", "not-by-name",
    "unusable", "other",
]  # fmt: skip

#: What a client may write that sends no name in TLS (SNI), where the site needs one.
WITHOUT_NAME: frozenset[SymptomKind] = frozenset(
    {
        "callback", "tls", "tls-parameters", "tls-name", "closed", "reset", "certificate",
        "certificate-name", "certificate-self-signed", "certificate-issuer",
        "certificate-untrusted", "certificate-expired", "certificate-date",
    }
)  # fmt: skip


@frozen
class Symptom:
    """What a pasted message says.

    `text` is the whole message on one line, cleaned, without its secrets: a person often writes
    when and how something fails far from the words of the program. It is what is read. `excerpt`
    is the part of a long one that is shown, "" of a short one. `number` is the status of an HTTP
    response, or the close code of a WebSocket (RFC 6455 section 7.4); None if the message has none.
    """

    kind: SymptomKind
    text: Text
    number: int | None = None
    excerpt: Text = ""

    @property
    def shown(self) -> str:
        """The message as a report quotes it."""
        return self.excerpt or self.text
