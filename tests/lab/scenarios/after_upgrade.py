"""The handshake succeeds, and what follows does not; and the Origins that frameworks refuse."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
WS = ("--ws", "/ws")
CHAT = (*WS, "--subprotocol", "chat")
HOST = "    proxy_set_header Host $http_host;\n    proxy_set_header Upgrade"
UPGRADE = "    proxy_set_header Upgrade"
LOCATION = site.HTTPS[site.HTTPS.index("  location /ws") : site.HTTPS.rindex("}")]
SCHEME = "    proxy_set_header X-Forwarded-Proto $scheme;\n"
APPLICATION = "the application has to be mended"
DIED = "websocket.closed-after-upgrade"


def _serve(lab: Lab, *options: str) -> None:
    service = lab.application_service
    service.ready = lambda: lab.server.listening(3000)
    service.argv = lab.server.application("odd_server", *options)
    service.restart()


def _in_location(lab: Lab, lines: str) -> None:
    """The WebSocket's location with these lines besides."""
    lab.change(LOCATION, LOCATION.replace("  }", f"{lines}  }}"))


@scenario(outside=DIED, manual=APPLICATION, args=WS)
def a_warning_of_php_in_the_open_websocket(lab: Lab) -> None:
    """A warning is written where frames belong: "Invalid frame header" in the browser; after
    threads about Ratchet and Workerman whose scripts print."""
    _serve(lab, "--act", "php-warning")


@scenario(outside=DIED, manual=APPLICATION, args=WS)
def an_http_answer_in_the_open_websocket(lab: Lab) -> None:
    """Two servers on one path: the second answers 400 after the first one's 101; after the threads
    about Socket.IO beside ws on one Node server ("Invalid frame header")."""
    _serve(lab, "--act", "http")


@scenario(outside=DIED, manual=APPLICATION, args=WS)
def text_that_is_not_utf8(lab: Lab) -> None:
    """Binary data sent as text: "Could not decode a text frame as UTF-8"; after threads about
    servers in C and PHP that send bytes with the opcode of text."""
    _serve(lab, "--act", "text-not-utf8")


@scenario(outside=DIED, manual=APPLICATION, args=WS)
def a_server_that_masks_its_frames(lab: Lab) -> None:
    """ "A server must not mask any frames that it sends to the client"; after threads about servers
    that use a client's code for frames."""
    _serve(lab, "--act", "masked")


@scenario(outside=DIED, manual=APPLICATION, args=WS)
def an_application_that_fails_a_moment_later(lab: Lab) -> None:
    """1011 after six tenths of a second: its database is not there; after threads in which the
    socket opens, and closes with 1011 before the first message."""
    _serve(lab, "--act", "late")


@scenario(outside="websocket.extension", manual=APPLICATION, args=WS)
def messages_compressed_without_agreement(lab: Lab) -> None:
    """ "One or more reserved bits are on: reserved1 = 1", after threads about a development server
    whose proxy forwards the upgrade twice."""
    _serve(lab, "--act", "compressed")


@scenario(outside="websocket.extension", manual=APPLICATION, args=WS)
def an_extension_that_nobody_offered(lab: Lab) -> None:
    """x-webkit-deflate-frame, as old servers answer it to everybody: "Found an unsupported
    extension"; after threads about servers made for the first Safaris."""
    _serve(lab, "--act", "old-safari-extension")


@scenario(outside="websocket.extension", differs=MINE)
def nginx_hides_the_extension_of_the_answer(lab: Lab) -> None:
    """The application compresses as agreed, and nginx hides the agreement from the browser; after
    answers that hide all headers of an application one by one."""
    _serve(lab)
    _in_location(lab, "    proxy_hide_header Sec-WebSocket-Extensions;\n")


@scenario(outside="websocket.subprotocol", args=CHAT, differs=MINE)
def nginx_empties_the_subprotocol(lab: Lab) -> None:
    """ "Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received": the offer
    does not reach the application."""
    _serve(lab)
    _in_location(lab, '    proxy_set_header Sec-WebSocket-Protocol "";\n')


@scenario(outside="websocket.subprotocol", args=CHAT, differs=MINE)
def nginx_hides_the_subprotocol(lab: Lab) -> None:
    """The application chooses, and nginx hides its choice."""
    _serve(lab)
    _in_location(lab, "    proxy_hide_header Sec-WebSocket-Protocol;\n")


@scenario(outside="websocket.subprotocol", manual=APPLICATION, args=WS)
def an_empty_subprotocol(lab: Lab) -> None:
    """The field is there and empty, which Chromium refuses and curl does not; after an issue of
    websocketd ("Empty Sec-WebSocket-Protocol in response")."""
    _serve(lab, "--act", "empty-subprotocol")


# Silence

QUIET = (*WS, "--idle", "6")
LASTING = "    proxy_read_timeout 3600s;\n"


@scenario(outside="websocket.idle-timeout", args=QUIET, differs=MINE)
def nginx_cuts_a_silent_websocket(lab: Lab) -> None:
    """Cut after three seconds through nginx, and not at the application; after the many threads
    about "disconnects every 60 seconds", with a shorter minute."""
    _serve(lab)
    lab.change(LASTING, "    proxy_read_timeout 3s;\n")


@healthy(args=QUIET)
def a_silent_websocket_that_lasts(lab: Lab) -> None:
    """Nothing cuts it in that time."""
    _serve(lab)


@healthy(args=QUIET)
def a_server_that_speaks_often_enough(lab: Lab) -> None:
    """nginx would cut after three seconds of silence, and there is none."""
    _serve(lab, "--act", "speaks")
    lab.change(LASTING, "    proxy_read_timeout 3s;\n")


@healthy(args=QUIET)
def a_server_that_says_good_bye_to_the_silent(lab: Lab) -> None:
    """1001 after three seconds without a message, as the application wants it: a note."""
    _serve(lab, "--act", "good-bye")


# Odd, and well


@healthy(args=WS)
def a_server_that_greets_and_leaves(lab: Lab) -> None:
    """It has said what it had to say: 1000."""
    _serve(lab, "--act", "greets-and-leaves")


@healthy(args=WS)
def a_server_that_pushes_before_any_ping(lab: Lab) -> None:
    """Data comes at once, together with the 101."""
    _serve(lab, "--act", "pushes")


@healthy(args=WS)
def a_server_that_never_answers_pings(lab: Lab) -> None:
    """It lives, and browsers send none."""
    _serve(lab, "--act", "deaf")


@healthy(args=CHAT)
def compression_and_a_subprotocol_rightly_agreed(lab: Lab) -> None:
    """A real library, with permessage-deflate, through nginx."""
    _serve(lab)


@healthy(args=WS)
def compression_switched_off_in_nginx(lab: Lab) -> None:
    """The offer is taken away, so nothing is compressed: a workaround of many answers."""
    _serve(lab)
    _in_location(lab, '    proxy_set_header Sec-WebSocket-Extensions "";\n')


# The Origin


@scenario(outside="websocket.origin-refused", differs=MINE)
def action_cable_is_not_told_the_scheme(lab: Lab) -> None:
    """404 with the page's origin and without any: "Request origin not allowed"; after threads about
    Rails behind nginx without X-Forwarded-Proto."""
    _serve(lab, "--origin", "cable")


@scenario(outside="websocket.origin-refused", differs=MINE)
def spring_is_not_told_the_scheme(lab: Lab) -> None:
    """403 "Invalid CORS request": the whole origin is compared, with its scheme."""
    _serve(lab, "--origin", "spring")


@scenario(outside="websocket.not-upgraded", server="websocket.origin-refused", differs=MINE)
def cable_like_with_neither_host_nor_scheme(lab: Lab) -> None:
    """Both are missing, and no Origin from outside is accepted."""
    _serve(lab, "--origin", "cable")
    lab.change(HOST, UPGRADE)


@scenario(outside="websocket.origin-refused", differs=MINE)
def host_with_a_port(lab: Lab) -> None:
    """proxy_set_header Host $host:$server_port, as templates had it: the browser's Origin has no
    port; after threads about Jupyter ("Blocking Cross Origin WebSocket Attempt")."""
    _serve(lab, "--origin", "spring")
    with_port = HOST.replace("$http_host", "$host:$server_port")
    lab.change(HOST, SCHEME + with_port)


@scenario(outside=None, server="websocket.origin-refused", manual=APPLICATION, args=WS,
          unsure=("client",))  # fmt: skip
def only_the_origin_of_development(lab: Lab) -> None:
    """The list of allowed origins still says http://localhost:3000; after threads about Socket.IO
    and Vite whose cors setting was never changed."""
    _serve(lab, "--origin", "development")


@healthy(args=WS)
def action_cable_that_knows_the_scheme(lab: Lab) -> None:
    """With X-Forwarded-Proto and Host it accepts the page's origin, and no other."""
    _serve(lab, "--origin", "cable")
    _in_location(lab, SCHEME)
