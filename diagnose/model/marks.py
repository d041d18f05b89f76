"""Marks say what the text in a field is, so that it can be masked by what it is.

A field of an observation is written `url: Url`, not `url: str`; for mypy and msgspec it is still a
`str`. `diagnose.recording` collects the names and masks the texts by these marks. Words of a closed
set are `Literal` types and need no mark. A field without either fails `tests/model/test_marks.py`.
"""

from typing import Annotated, Literal

#: What a text is; each has its own rule in `diagnose.recording`. They are words and no enumeration,
#: because building that class takes longer than all these types.
Mark = Literal[
    "host", "domain", "machine", "address", "url", "authority-url", "path", "distinguished-name",
    "record", "image", "headers", "body", "reason", "first-bytes", "nginx-message",
    "nginx-options", "configuration", "configuration-text", "rules", "server-configuration", "file",
    "command", "label", "digest", "text", "word",
]  # fmt: skip

#: A host as a URL names it: a name, one word ("app") or an address, perhaps with a port.
HostName = Annotated[str, "host"]
#: A name of the DNS, perhaps with a wildcard. One label alone is a top-level domain and stays.
DomainName = Annotated[str, "domain"]
#: The name that a machine gives itself (uname -n), or the target: masked wherever it occurs.
MachineName = Annotated[str, "machine"]
#: An address, a network, or an address and a port.
Address = Annotated[str, "address"]
#: A URL, or what nginx writes in its place: a scheme and an upstream, host:port.
Url = Annotated[str, "url"]
#: A URL of a certificate authority: those of public ones are no secret.
AuthorityUrl = Annotated[str, "authority-url"]
#: The path of a request, or a whole request line. It may hold tokens and a query.
UrlPath = Annotated[str, "path"]
#: An X.509 name (RFC 4514): its common name may be a host name.
DistinguishedName = Annotated[str, "distinguished-name"]
#: The data of a DNS record in presentation format: an address, a name, or something else.
RecordData = Annotated[str, "record"]
#: The name of a container image: the registry's host may stand before the first slash.
Image = Annotated[str, "image"]
#: The header fields of a response: name and value of each.
Headers = Annotated[tuple[tuple[str, str], ...], "headers"]
#: What a remote server or a program wrote freely: only the marks that checks look for are kept.
Body = Annotated[str, "body"]
#: The reason phrase of a response (RFC 9112 section 4): a known phrase, or free text of a server.
ReasonPhrase = Annotated[str, "reason"]
#: The beginning of a response that is not what was expected.
FirstBytes = Annotated[str, "first-bytes"]
#: A message of nginx: its values are in quotes. It may repeat what a program behind it wrote.
NginxMessage = Annotated[str, "nginx-message"]
#: Arguments of nginx: -g holds directives.
NginxOptions = Annotated[tuple[str, ...], "nginx-options"]
#: A part of nginx's configuration. It is masked with the whole configuration.
ConfigText = Annotated[str, "configuration-text"]
#: A file or a rule in which people write comments.
RuleText = Annotated[str, "rules"]
#: A configuration file of a web server other than nginx: it holds comments, and values of headers,
#: users and variables.
ServerText = Annotated[str, "server-configuration"]
#: A path in a file system.
FilePath = Annotated[str, "file"]
#: A command as typed into a shell.
CommandLine = Annotated[str, "command"]
#: A name that people or programs gave to something on a server: a zone, a unit, a user, a device.
Label = Annotated[str, "label"]
#: A fingerprint, a key identifier or a serial number.
Digest = Annotated[str, "digest"]
#: Free text of a program or of ours.
Text = Annotated[str, "text"]
#: A word of a public vocabulary that others extend: a cipher, a record type, a level of a log.
Word = Annotated[str, "word"]
