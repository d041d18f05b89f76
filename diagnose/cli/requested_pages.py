"""The page that a pasted message says was requested, without the site's name: by the log of an
application or of a server, or by the address of a program on the machine itself."""

from dataclasses import replace

from diagnose.model import Target
from diagnose.model.symptom import SymptomKind
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.named_paths import (
    failed_path,
    inner_path,
    path_in_words,
    requested_path,
)
from diagnose.parsers.secrets import path_without_secrets
from diagnose.parsers.sockets_of_frameworks import socket_of_framework
from diagnose.parsers.target import parse_target
from diagnose.parsers.target_slips import named_path
from diagnose.parsers.urls import is_internal_host, polled_socketio_path
from diagnose.parsers.usual_paths import is_refused_handshake

#: The status of a method that a path does not take (RFC 9110 section 15.5.6): a GET shows another.
_NO_METHOD = 405
#: Kinds that say what one page answers.
_OF_ONE_PAGE: frozenset[SymptomKind] = frozenset({"status", "not-through-proxy", "data", "slow"})


def at_reported_path(site: Target, message: Target, text: str) -> Target:
    """Return the site at the page that a message tells of by the address of a program or of a
    visitor, or by the site's origin alone: what the log of an application or of nginx shows."""
    is_inner = is_address(message.host) or is_internal_host(message.host)
    is_other = is_inner and message.host != site.host
    kind = site.symptom.kind if site.symptom else "other"
    is_untold = kind.startswith("websocket") and not site.websockets and message.path == "/"
    return at_requested_path(site, text) if is_other or is_untold else site


def at_requested_path(site: Target, message: str) -> Target:
    """Return the site, asked for what the message says was requested, where the user named no page:
    a path without the site ("GET /live HTTP/1.1" 404) is what the log of an application shows."""
    path, kind = requested_path(message), site.symptom.kind if site.symptom else "other"
    if not path and kind == "status" and site.symptom and site.symptom.number != _NO_METHOD:
        path = failed_path(message)
    if not path and kind in _OF_ONE_PAGE:
        path = inner_path(message)
    if not path and kind.startswith("websocket"):
        path = path_in_words(message) or ("" if site.websockets else socket_of_framework(message))
    if not path and kind == "other":
        path = named_path(message)
    if not path and "transport=polling" in message:
        # Imported late: few messages are about Socket.IO. What is sent to a session is a POST.
        from diagnose.parsers.websocket_addresses import polled_path_in

        path = polled_path_in(message).replace("transport=websocket", "transport=polling")
    # The path of a challenge holds a token.
    if not path or site.is_websocket or kind.startswith("acme"):
        return site
    path = path_without_secrets(path)
    if websocket := polled_socketio_path(path) or (path if kind.startswith("websocket") else ""):
        return replace(site, websockets=tuple(dict.fromkeys((*site.websockets, websocket))))
    if is_refused_handshake(path, site.symptom.number if site.symptom else None):
        site = replace(site, websockets=tuple(dict.fromkeys((*site.websockets, path))))
    if site.path != "/" or path == "/":
        return site
    named = parse_target(f"{site.scheme}://{site.authority}{path}", site.websockets)
    return replace(named, input=site.input, symptom=site.symptom)
