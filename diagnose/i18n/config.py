"""The texts of `diagnose config`."""

from diagnose.i18n.messages import Message, Messages

MESSAGES = Messages(
    # NOTE: A configuration file (TOML): translate the comments after "# " only. Lines that begin
    # NOTE: with "#" and no space are settings, and stay.
    Message(
        "config.template",
        """\
# Take the # away from what you need. "diagnose config" shows each value and where it comes from.

# Language of the reports: en or zh
#lang = "en"
# Seconds for a whole run
#timeout = 15
# The name server to ask, in the place of the system's
#resolver = "192.0.2.53"
# Trust these roots too
#cafile = "/etc/ssl/company.pem"

# Groups of targets: diagnose @shop
#[targets]
#shop = ["https://shop.example.com/", "wss://shop.example.com/ws"]

# Where to look inside, over SSH
#[servers]
#"shop.example.com" = "ssh://root@203.0.113.10"

# Shown, and not counted. After the day in "until" it counts again
#[[ignore]]
#check = "certificate.expires-soon"
#until = 2099-12-31
#reason = "new CA in January"

# Keys of the screen: "diagnose keys" names the actions
#[keys]
#again = "F5"
""",
    ),
    Message("config.read", "read"),
    Message("config.absent", "not there"),
    Message("config.command-line", "command line"),
    Message("config.environment", "environment"),
    Message("config.default", "default"),
    # NOTE: {text} is config.environment, {name} the name of a variable.
    Message("config.variable", "{text} ({name})"),
)

translate = MESSAGES.translate
