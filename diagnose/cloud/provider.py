"""What a provider's module offers, and what it gets.

A provider is an entry point of the group `diagnose.providers` that leads to an object with the
methods of `Provider`. It opens no connection itself: requests go through a `Client`, so that a
proxy, a time-out and a limit of bytes are decided in one place. It only ever reads.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, Protocol

from diagnose.cloud.evaluation import Flow, Verdict
from diagnose.cloud.firmware import Dmi as Dmi
from diagnose.model.cloud import CloudInstance, RuleSet, SecurityGroup
from diagnose.model.frozen import frozen

#: Why an API did not answer the question. credentials: there are none, or of a kind that is not
#: supported. forbidden: they may not read this. rejected: the API does not know them. clock: this
#: machine's clock is too wrong for a signature. throttled: too many calls, also at the second
#: try. timeout, unreachable: no answer. invalid: another answer than the documents promise.
#: endless: more pages than any quota allows. missing: it knows no such instance. extra: a library
#: is not installed.
ApiErrorKind = Literal[
    "credentials", "forbidden", "rejected", "clock", "throttled", "timeout", "unreachable",
    "invalid", "endless", "missing", "extra",
]  # fmt: skip


class ApiError(Exception):
    """A question that the API did not answer.

    `code` is the provider's own word for it ("Forbidden.RAM"), `action` the call ("ecs:Describe…").
    `allow` is what to allow for it: the actions of the smallest policy. `way_out` is what a person
    can do ("set …"), "" where the kind says it all. The message is the provider's, cleaned, and
    without any secret.
    """

    def __init__(
        self,
        kind: ApiErrorKind,
        message: str = "",
        *,
        code: str = "",
        action: str = "",
        allow: tuple[str, ...] = (),
        way_out: str = "",
    ) -> None:
        super().__init__(message)
        self.kind, self.message, self.code = kind, message, code
        self.action, self.allow, self.way_out = action, allow, way_out


@frozen
class ApiRequest:
    """A request to an API or to the metadata service. `url` is complete, with its query."""

    method: Literal["GET", "PUT", "POST"]
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@frozen
class ApiResponse:
    """A response, of any status. Names of header fields are in lower case; the body is bounded."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return a header field, "" if it is not there."""
        return next((value for key, value in self.headers if key == name), "")


class Client(Protocol):
    """Sends requests. The client for metadata takes no proxy and numeric addresses only."""

    async def send(self, request: ApiRequest) -> ApiResponse:
        """Return the response. Raise ApiError ("timeout", "unreachable", "invalid")."""
        ...


class Credentials:
    """An access key. `source` says where it was found, for people ("~/.aliyun/config.json, profile
    default"). `region` is the region of that profile, "" for none.

    It is no dataclass: neither its text nor a traceback shows the secret parts.
    """

    __slots__ = ("key_id", "region", "secret", "source", "token")

    def __init__(
        self, key_id: str, secret: str, source: str, token: str = "", region: str = ""
    ) -> None:
        self.key_id, self.secret, self.source = key_id, secret, source
        self.token, self.region = token, region

    def in_region(self, region: str) -> "Credentials":
        """Return the same credentials for another region."""
        return Credentials(self.key_id, self.secret, self.source, self.token, region)

    def __repr__(self) -> str:
        return f"<credentials from {self.source}>"


@frozen(eq=False)
class Profile:
    """The user's own surroundings, in which credentials are looked for: the environment, and the
    files of the home folder. `read` returns the text of a file ("~/.aliyun/config.json"), "" if
    there is none that can be read."""

    environ: Mapping[str, str]
    read: Callable[[str], Awaitable[str]]


#: open-visitor: allow the visitor of `--from` alone. open-all: allow everybody. remove-rule: take
#: the denying rule away, because nothing can come before it. attach-group: attach a group that is
#: there. change-acl: change an entry of the network ACL. ask-owner: a service owns the group, and
#: its user may not change it.
ChangeKind = Literal[
    "open-visitor", "open-all", "remove-rule", "attach-group", "change-acl", "ask-owner"
]


@frozen
class RuleChange:
    """A way to let the flow in. `argv` is the provider's own command, () where there is none, and
    `undo` takes it back. `subject` is the rule, group or service that it is about."""

    kind: ChangeKind
    argv: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    subject: str = ""


@frozen
class Remedy:
    """What a person can do: alternatives, the narrow one first, and the console's address."""

    changes: tuple[RuleChange, ...]
    url: str = ""


class Provider(Protocol):
    """A cloud provider's service.

    Every method that asks raises ApiError where the answer is no. `detect`, `locate` return None
    where the instance is not of this provider's service.
    """

    #: "aliyun-ecs": the name of the entry point. It is public.
    name: str
    #: "Alibaba Cloud ECS": for people.
    title: str
    #: The actions that `fetch` needs, as the provider's policies write them.
    actions: tuple[str, ...]
    #: Where credentials are looked for, for people ("~/.aliyun/config.json"), and the command that
    #: sets them up.
    credential_places: tuple[str, ...]
    setup_command: str
    #: The environment variable that names the region.
    region_variable: str

    def is_on(self, dmi: Dmi) -> bool:
        """Whether the firmware is that of this provider. No input or output."""
        ...

    async def detect(self, metadata: Client) -> CloudInstance | None:
        """Ask the metadata service who this machine is: a token first, nothing of a role."""
        ...

    async def credentials(self, profile: Profile) -> Credentials | None:
        """Look for credentials in the provider's own order. None: there are none. Raise ApiError
        ("credentials") where there are some of a kind that is not supported."""
        ...

    async def role_credentials(self, metadata: Client) -> Credentials | None:
        """Return the credentials of the instance's role. Called only where the user asked."""
        ...

    async def locate(
        self, address: str, credentials: Credentials, client: Client
    ) -> CloudInstance | None:
        """Find the instance that has a public address, in the region of the credentials."""
        ...

    async def fetch(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[CloudInstance, RuleSet]:
        """Read the rules in front of an instance, and return them with what the API says of the
        instance itself (its addresses, its interface). What cannot be read of them is `unread`.
        ApiError ("missing") where the service has no such instance."""
        ...

    async def other_groups(
        self, instance: CloudInstance, credentials: Credentials, client: Client
    ) -> tuple[SecurityGroup, ...]:
        """Return the groups that could be attached to the instance and are not, with their rules.
        () for a service without groups."""
        ...

    def remedy(
        self, verdict: Verdict, flow: Flow, rules: RuleSet, instance: CloudInstance, visitor: str
    ) -> Remedy:
        """Return what lets a denied flow in. `visitor` is the address of `--from`, "" for none. No
        input or output."""
        ...

    def attachment(self, instance: CloudInstance, group_id: str) -> Remedy:
        """Return what attaches a security group to an instance. No input or output."""
        ...

    def shown_command(self, instance: CloudInstance) -> tuple[str, ...]:
        """Return the provider's own command that shows the rules of an instance."""
        ...

    def console_url(self, instance: CloudInstance) -> str:
        """Return the address of the console's page for the rules."""
        ...
