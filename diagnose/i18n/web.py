"""The texts of the web server and its page."""

from diagnose.i18n.messages import Message, Messages

MESSAGES = Messages(
    # In the terminal
    Message(
        "serving",
        "The screen is at {url}\n"
        "From another machine, first: ssh -L {port}:127.0.0.1:{port} server\n"
        "Anyone with this address can do what you can do here. Ctrl-C ends it.\n",
    ),
    # On the page
    Message("waiting", "Starting …"),
    Message("ended", "This screen has ended."),
    Message("again", "Start again"),
    Message("screen", "The screen of diagnose: a terminal"),
    Message("script", "The screen needs JavaScript. Without it: diagnose --format html TARGET."),
    # Refusals
    Message(
        "not-loopback",
        "Only 127.0.0.1 and localhost are answered: ssh -L brings them to another machine.",
    ),
    Message(
        "no-secret", "This is not the whole address: diagnose web has printed it on its terminal."
    ),
    Message("foreign-page", "Another page asks for the screen, and does not get it."),
)

translate = MESSAGES.translate
