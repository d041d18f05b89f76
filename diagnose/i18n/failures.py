"""The messages of failures: those that the program words itself, and the usual ones of the system
and of OpenSSL, whose own words stay beside the translation: people search for them. Others, and
those of curl, ssh and other programs, are shown as they are."""

from diagnose.i18n.messages import Message, Messages
from diagnose.i18n.recognized import recognize

MESSAGES = Messages(
    Message("failure.timeout", "timed out"),
    Message("failure.closed", "connection closed"),
    Message("failure.cut", "connection closed in the middle of an answer"),
    Message("failure.unanswered", "the connection was closed without an answer"),
    Message("failure.no-answer", "no answer"),
    Message("failure.no-http", "no HTTP answer"),
    Message("failure.not-http", "no HTTP answer came, but {what}"),
    Message("failure.line-ends", "chunks end in a bare line feed"),
    Message("failure.no-connection", "no connection"),
    Message("failure.no-handshake", "no handshake"),
    Message("failure.no-tls", "no TLS handshake"),
    Message("failure.no-hello", "no ServerHello came"),
    Message("failure.endless-handshake", "no end after {number} bytes of handshake"),
    Message("failure.wrong-name", "the certificate is not for {host}"),
    Message("failure.no-address", "no address"),
    Message("failure.no-address-there", "the name has no address there"),
    Message("failure.no-key", "no key"),
    Message("failure.special-file", "not a regular file"),
    Message("failure.no-ssh", "ssh is not installed here"),
    Message("failure.late", "did not end within {seconds} s"),
    Message("failure.program-late", "{program} did not end in time"),
    Message("failure.exit", "exit status {number}"),
    Message("failure.bytes", "more than {number} bytes"),
    Message("failure.lines", "more than {number} lines"),
    Message("failure.nothing-sent", "the server sent nothing of it"),
    Message("failure.lost", "the connection to the server was lost"),
    Message("failure.no-login", "ssh: no login within {seconds} s"),
    Message(
        "failure.no-shell",
        "ssh: logged in, but the user's shell does not answer (a start-up file that hangs?)",
    ),
    Message("failure.no-words", "ssh ended without a word"),
    Message("failure.proxy", "proxy {proxy}: {message}"),
    Message("failure.itself", "it is the server itself, and its way to itself is no visitor's"),
    Message("failure.no-curl", "curl is not installed there"),
    Message("failure.probe", "the probe failed: {message}"),
    Message("failure.globalping-silent", "Globalping did not answer in time"),
    Message("failure.globalping-late", "Globalping had no result in time: try --timeout 60"),
    Message("failure.globalping-long", "too much was answered"),
    Message("failure.globalping-status", "Globalping answered {status}"),
    Message("failure.globalping-strange", "Globalping answered nothing that is documented"),
    Message("failure.unread", "not read: {what}"),
    Message("failure.cut-at-end", "the connection was closed"),
    # NOTE: the system's words (errno(3), gai_strerror(3)): translated, and then as they are.
    Message("system.refused", "Connection refused"),
    Message("system.reset", "Connection reset by peer"),
    Message("system.timed-out", "Connection timed out"),
    Message("system.no-route", "No route to host"),
    Message("system.unreachable", "Network is unreachable"),
    Message("system.host-down", "Host is down"),
    Message("system.broken-pipe", "Broken pipe"),
    Message("system.denied", "Permission denied"),
    Message("system.not-permitted", "Operation not permitted"),
    Message("system.no-file", "No such file or directory"),
    Message("system.unknown-name", "Name or service not known"),
    Message("system.name-without-address", "No address associated with hostname"),
    Message("system.no-resolver", "Temporary failure in name resolution"),
    # NOTE: OpenSSL's words (X509_verify_cert_error_string(3)): translated, and then as they are.
    Message("openssl.expired", "certificate has expired"),
    Message("openssl.not-yet-valid", "certificate is not yet valid"),
    Message("openssl.self-signed", "self-signed certificate"),
    Message("openssl.self-signed-root", "self-signed certificate in certificate chain"),
    Message("openssl.no-local-issuer", "unable to get local issuer certificate"),
    Message("openssl.no-issuer", "unable to get issuer certificate"),
    Message("openssl.first", "unable to verify the first certificate"),
    Message("openssl.signature", "certificate signature failure"),
    Message("openssl.revoked", "certificate revoked"),
    Message("openssl.purpose", "unsuitable certificate purpose"),
    Message("openssl.weak-key", "EE certificate key too weak"),
    Message("openssl.weak-authority", "CA certificate key too weak"),
    Message("openssl.weak-digest", "CA signature digest algorithm too weak"),
)


def text(message: str, lang: str) -> str:
    """Return the message of a failure in a language, unchanged if it is not known."""
    return recognize(MESSAGES, message, lang, text)
