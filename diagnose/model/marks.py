"""Marks say what the text in a field is, so that it can be masked by what it is.

A field of an observation is written `url: Url`, not `url: str`; for mypy and msgspec it is still a
`str`. `diagnose.recording` collects the names and masks the texts by these marks. Words of a closed
set are `Literal` types and need no mark. A field without either fails `tests/model/test_marks.py`.
"""

from enum import Enum, auto
from typing import Annotated


class Mark(Enum):
    """What a text is. Each has its own rule in `diagnose.recording`."""

    HOST = auto()
    DOMAIN = auto()
    MACHINE = auto()
    ADDRESS = auto()
    URL = auto()
    AUTHORITY_URL = auto()
    PATH = auto()
    DISTINGUISHED_NAME = auto()
    RECORD = auto()
    IMAGE = auto()
    HEADERS = auto()
    BODY = auto()
    REASON = auto()
    FIRST_BYTES = auto()
    NGINX_MESSAGE = auto()
    NGINX_OPTIONS = auto()
    CONFIGURATION = auto()
    CONFIGURATION_TEXT = auto()
    RULES = auto()
    FILE = auto()
    COMMAND = auto()
    LABEL = auto()
    DIGEST = auto()
    TEXT = auto()
    WORD = auto()


#: A host as a URL names it: a name, one word ("app") or an address, perhaps with a port.
HostName = Annotated[str, Mark.HOST]
#: A name of the DNS, perhaps with a wildcard. One label alone is a top-level domain and stays.
DomainName = Annotated[str, Mark.DOMAIN]
#: The name that a machine gives itself (uname -n), or the target: masked wherever it occurs.
MachineName = Annotated[str, Mark.MACHINE]
#: An address, a network, or an address and a port.
Address = Annotated[str, Mark.ADDRESS]
#: A URL, or what nginx writes in its place: a scheme and an upstream, host:port.
Url = Annotated[str, Mark.URL]
#: A URL of a certificate authority: those of public ones are no secret.
AuthorityUrl = Annotated[str, Mark.AUTHORITY_URL]
#: The path of a request, or a whole request line. It may hold tokens and a query.
UrlPath = Annotated[str, Mark.PATH]
#: An X.509 name (RFC 4514): its common name may be a host name.
DistinguishedName = Annotated[str, Mark.DISTINGUISHED_NAME]
#: The data of a DNS record in presentation format: an address, a name, or something else.
RecordData = Annotated[str, Mark.RECORD]
#: The name of a container image: the registry's host may stand before the first slash.
Image = Annotated[str, Mark.IMAGE]
#: The header fields of a response: name and value of each.
Headers = Annotated[tuple[tuple[str, str], ...], Mark.HEADERS]
#: What a remote server or a program wrote freely: only the marks that checks look for are kept.
Body = Annotated[str, Mark.BODY]
#: The reason phrase of a response (RFC 9112 section 4): a known phrase, or free text of a server.
ReasonPhrase = Annotated[str, Mark.REASON]
#: The beginning of a response that is not what was expected.
FirstBytes = Annotated[str, Mark.FIRST_BYTES]
#: A message of nginx: its values are in quotes. It may repeat what a program behind it wrote.
NginxMessage = Annotated[str, Mark.NGINX_MESSAGE]
#: Arguments of nginx: -g holds directives.
NginxOptions = Annotated[tuple[str, ...], Mark.NGINX_OPTIONS]
#: A part of nginx's configuration. It is masked with the whole configuration.
ConfigText = Annotated[str, Mark.CONFIGURATION_TEXT]
#: A file or a rule in which people write comments.
RuleText = Annotated[str, Mark.RULES]
#: A path in a file system.
FilePath = Annotated[str, Mark.FILE]
#: A command as typed into a shell.
CommandLine = Annotated[str, Mark.COMMAND]
#: A name that people or programs gave to something on a server: a zone, a unit, a user, a device.
Label = Annotated[str, Mark.LABEL]
#: A fingerprint, a key identifier or a serial number.
Digest = Annotated[str, Mark.DIGEST]
#: Free text of a program or of ours.
Text = Annotated[str, Mark.TEXT]
#: A word of a public vocabulary that others extend: a cipher, a record type, a level of a log.
Word = Annotated[str, Mark.WORD]
