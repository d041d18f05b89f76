"""EC2 by boto3, with moto in place of AWS. They are large: `make test-all` installs them."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from diagnose.cloud.aws.api import open_api
from diagnose.cloud.aws.credentials import ProfileCredentials
from diagnose.cloud.aws.ec2 import AwsEc2
from diagnose.cloud.evaluation import INTERNET6, Flow, Verdict, evaluate
from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse, Credentials
from diagnose.model.cloud import CloudInstance, RuleSet
from tests.support.fake_aws import KEY_ID, SECRET, TOKEN, FakeAws, answer, failure, timeout

boto3: Any = pytest.importorskip("boto3", reason="boto3 is not installed: make test-all")
moto: Any = pytest.importorskip("moto", reason="moto is not installed: make test-all")

EC2 = AwsEc2()
REGION = "eu-west-1"
KEY = Credentials(KEY_ID, SECRET, "a test", TOKEN, REGION)
VISITORS = Flow(443)
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@contextlib.contextmanager
def changes(reset: bool = False) -> Iterator[None]:
    """Let boto3 itself speak to moto, with whatever it likes."""
    mock = moto.mock_aws()
    mock.start(reset=reset)
    try:
        yield
    finally:
        mock.stop(remove_data=False)


class Account:
    """A server at moto with a public address. `boto` is boto3 as a person would use it."""

    def __init__(self) -> None:
        self.boto = boto3.client("ec2", region_name=REGION)
        vpc = self.boto.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = self.boto.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        self.vpc, self.subnet = vpc, subnet
        self.group = self.boto.create_security_group(GroupName="web", Description="web", VpcId=vpc)[
            "GroupId"
        ]
        image = self.boto.register_image(Name="an image")["ImageId"]
        (server,) = self.boto.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[self.group]
        )["Instances"]
        self.id = server["InstanceId"]
        address = self.boto.allocate_address(Domain="vpc")
        self.boto.associate_address(InstanceId=self.id, AllocationId=address["AllocationId"])
        self.address = address["PublicIp"]
        self.aws = FakeAws()

    def open(self, **fields: Any) -> None:
        with changes():
            self.boto.authorize_security_group_ingress(
                GroupId=self.group, IpPermissions=[{**HTTPS, **fields}]
            )

    def instance(self, **fields: Any) -> CloudInstance:
        return CloudInstance("aws-ec2", REGION, self.id, **fields)

    def fetch(self) -> tuple[CloudInstance, RuleSet]:
        return asyncio.run(EC2.fetch(self.instance(), KEY, self.aws))

    def verdict(self, flow: Flow = VISITORS) -> Verdict:
        return evaluate(self.fetch()[1], flow)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Account:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with changes(reset=True):
        created = Account()
    # From here on nothing answers but our own door.
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", _refuse)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return created


def _refuse(*_: object) -> None:
    raise AssertionError("botocore opened a connection of its own")


def test_a_new_group_is_closed(account: Account) -> None:
    instance, rules = account.fetch()
    assert evaluate(rules, VISITORS).by == ("default",)
    assert (instance.id, instance.network, instance.groups) == (
        account.id, account.vpc, (account.group,),
    )  # fmt: skip
    assert instance.public_addresses == (account.address,)
    assert [(group.id, group.name) for group in rules.groups] == [(account.group, "web")]
    assert rules.acl.startswith("acl-")


def test_every_request_is_signed_and_only_reads(account: Account) -> None:
    account.fetch()
    assert account.aws.actions == [
        "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeNetworkAcls",
    ]  # fmt: skip
    for request in account.aws.requests:
        fields = {name.lower(): value for name, value in request.headers}
        assert fields["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={KEY_ID}/")
        assert fields["x-amz-security-token"] == TOKEN
        assert request.url == f"https://ec2.{REGION}.amazonaws.com/"
        assert SECRET not in repr(request)


def test_an_endpoint_of_the_environment_is_not_taken(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    account.fetch()
    assert account.aws.requests[0].url == f"https://ec2.{REGION}.amazonaws.com/"


def test_a_group_that_is_open(account: Account) -> None:
    account.open()
    assert account.verdict().by == (f"{account.group}#0",)
    assert account.verdict(Flow(443, INTERNET6)).status == "deny"
    assert account.verdict(Flow(80)).status == "deny"


def test_a_network_acl(account: Account) -> None:
    account.open()
    with changes():
        (acl,) = account.boto.describe_network_acls(
            Filters=[{"Name": "association.subnet-id", "Values": [account.subnet]}]
        )["NetworkAcls"]
        account.boto.create_network_acl_entry(
            NetworkAclId=acl["NetworkAclId"], RuleNumber=90, Protocol="6", RuleAction="deny",
            Egress=False, CidrBlock="0.0.0.0/0", PortRange={"From": 443, "To": 443},
        )  # fmt: skip
    assert account.verdict().by == ("nacl_in:90",)
    instance, rules = account.fetch()
    remedy = EC2.remedy(evaluate(rules, VISITORS), VISITORS, rules, instance, "")
    assert [(change.kind, change.argv) for change in remedy.changes] == [("change-acl", ())]
    assert remedy.changes[0].subject == "90 deny 6 443-443 0.0.0.0/0"
    assert remedy.url.endswith(f"NetworkAclDetails:networkAclId={rules.acl}")


def test_a_prefix_list(account: Account) -> None:
    with changes():
        lists = account.boto.create_managed_prefix_list(
            PrefixListName="office", MaxEntries=3, AddressFamily="IPv4",
            Entries=[{"Cidr": "203.0.113.0/24"}],
        )  # fmt: skip
    list_id = lists["PrefixList"]["PrefixListId"]
    account.open(IpRanges=[], PrefixListIds=[{"PrefixListId": list_id}])
    assert account.verdict().open_to == ("203.0.113.0/24",)
    account.aws.failures = [account.aws.moto] * 2 + [failure("UnauthorizedOperation", 403)]
    assert account.verdict().status == "unknown"


def test_the_server_is_located_by_its_public_address(account: Account) -> None:
    instance = asyncio.run(EC2.locate(account.address, KEY, account.aws))
    assert instance is not None
    assert (instance.id, instance.source) == (account.id, "api")
    assert asyncio.run(EC2.locate("203.0.113.1", KEY, account.aws)) is None


def test_groups_that_could_be_attached(account: Account) -> None:
    with changes():
        other = account.boto.create_security_group(
            GroupName="open", Description="open", VpcId=account.vpc
        )["GroupId"]
        account.boto.authorize_security_group_ingress(GroupId=other, IpPermissions=[HTTPS])
    instance, _ = account.fetch()
    groups = asyncio.run(EC2.other_groups(instance, KEY, account.aws))
    by_name = {group.name: group for group in groups}
    assert (by_name["open"].id, len(by_name["open"].rules)) == (other, 1)
    assert "web" not in by_name


def test_without_the_right_to_read_interfaces(account: Account) -> None:
    account.open()
    account.aws.failures = [failure("UnauthorizedOperation", 403)]
    assert account.verdict().status == "allow"
    assert "DescribeInstances" in account.aws.actions


def test_an_acl_that_may_not_be_read(account: Account) -> None:
    account.open()
    account.aws.failures = [account.aws.moto] * 2 + [failure("UnauthorizedOperation", 403)]
    verdict = account.verdict()
    assert verdict.status == "unknown"
    assert "ec2:DescribeNetworkAcls" in verdict.by[0]


def test_an_instance_that_is_not_there(account: Account) -> None:
    stranger = CloudInstance("aws-ec2", REGION, "i-0123456789abcdef0")
    with pytest.raises(ApiError) as caught:
        asyncio.run(EC2.fetch(stranger, KEY, account.aws))
    assert caught.value.kind == "missing"


def test_the_printed_command_opens_the_port(account: Account) -> None:
    instance, rules = account.fetch()
    flow = Flow(443, INTERNET6)
    remedy = EC2.remedy(evaluate(rules, flow), flow, rules, instance, "2001:db8::7")
    narrow, wide = remedy.changes
    assert wide.argv == (
        "aws", "ec2", "authorize-security-group-ingress", "--region", REGION,
        "--group-id", account.group, "--ip-permissions",
        "IpProtocol=tcp,FromPort=443,ToPort=443,Ipv6Ranges=[{CidrIpv6=::/0}]",
    )  # fmt: skip
    assert narrow.argv[-1].endswith("Ipv6Ranges=[{CidrIpv6=2001:db8::7/128}]")
    assert wide.undo[2] == "revoke-security-group-ingress"
    account.open(IpRanges=[], Ipv6Ranges=[{"CidrIpv6": "::/0"}])
    # moto's network ACLs have no entries of IPv6.
    groups = RuleSet(account.fetch()[1].layers[:1])
    assert evaluate(groups, flow).status == "allow"
    assert evaluate(groups, VISITORS).status == "deny"


ROLE_SETTINGS = """
[profile work]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
region = eu-west-1
"""
BASE_KEYS = f"[base]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"


def test_a_role_of_a_profile_is_taken_through_our_door(account: Account, tmp_path: Path) -> None:
    keys, settings = tmp_path / "keys", tmp_path / "settings"
    keys.write_text(BASE_KEYS)
    settings.write_text(ROLE_SETTINGS)
    account.open()
    role = ProfileCredentials("work", (str(keys), str(settings)), "a profile", REGION)
    _, rules = asyncio.run(EC2.fetch(account.instance(), role, account.aws))
    assert evaluate(rules, VISITORS).status == "allow"
    assert account.aws.actions[0] == "AssumeRole"
    assert account.aws.requests[0].url.startswith("https://sts.")
    assert SECRET not in repr(account.aws.requests)


def test_a_role_that_may_not_be_taken(account: Account, tmp_path: Path) -> None:
    keys, settings = tmp_path / "keys", tmp_path / "settings"
    keys.write_text(BASE_KEYS)
    settings.write_text(ROLE_SETTINGS)
    role = ProfileCredentials("work", (str(keys), str(settings)), "a profile", REGION)
    denied = (
        b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
        b"<Message>no</Message></Error></ErrorResponse>"
    )
    account.aws.failures = [answer(denied, 403)]
    with pytest.raises(ApiError) as caught:
        asyncio.run(EC2.fetch(account.instance(), role, account.aws))
    assert (caught.value.kind, caught.value.allow[0]) == ("forbidden", "sts:AssumeRole")
    assert set(caught.value.allow[1:]) == set(EC2.actions)


@pytest.mark.parametrize("settings", ["", "[profile work]\nrole_arn = x\nsource_profile = no\n"])
def test_a_profile_that_is_wrong(account: Account, tmp_path: Path, settings: str) -> None:
    path = tmp_path / "settings"
    path.write_text(settings)
    role = ProfileCredentials("work", (str(path), str(path)), "the profile work", REGION)
    with pytest.raises(ApiError) as caught:
        asyncio.run(EC2.fetch(account.instance(), role, account.aws))
    assert caught.value.kind == "credentials"
    assert caught.value.message.startswith("the profile work gave no key: ")
    assert not account.aws.requests


# What follows needs no account.


class Pauses(list[float]):
    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def groups_of(aws: FakeAws, pauses: Pauses | None = None, clock: Any = time.time) -> list[Any]:
    async def read() -> list[Any]:
        api = await open_api(KEY, REGION, aws)
        api.pause, api.clock = Pauses() if pauses is None else pauses, clock
        return await api.pages("describe_security_groups", "SecurityGroups", {})

    return asyncio.run(read())


def error_of(*answers: Any, **settings: Any) -> ApiError:
    aws = FakeAws()
    aws.failures = list(answers)
    with pytest.raises(ApiError) as caught:
        groups_of(aws, **settings)
    return caught.value


ACTION = "ec2:DescribeSecurityGroups"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UnauthorizedOperation", "forbidden"),
        ("AuthFailure", "rejected"),
        ("InvalidClientTokenId", "rejected"),
        ("ExpiredToken", "rejected"),
        ("RequestExpired", "clock"),
        ("InvalidInstanceID.NotFound", "missing"),
        ("SomethingNew", "invalid"),
    ],
)
def test_what_an_error_means(code: str, kind: str) -> None:
    error = error_of(failure(code))
    assert (error.kind, error.code, error.action) == (kind, code, ACTION)
    assert error.allow == ((ACTION,) if kind == "forbidden" else ())


def test_a_refused_key_and_a_wrong_clock_have_one_code() -> None:
    now = 1_700_000_000.0
    wrong = failure("AuthFailure", 401, date=formatdate(now + 600, usegmt=True))
    assert error_of(wrong, clock=lambda: now).kind == "clock"
    right = failure("AuthFailure", 401, date=formatdate(now + 20, usegmt=True))
    assert error_of(right, clock=lambda: now).kind == "rejected"
    odd = failure("AuthFailure", 401, date="yesterday")
    assert error_of(odd, clock=lambda: now).kind == "rejected"


EMPTY = (
    b"<DescribeSecurityGroupsResponse><requestId>1</requestId><securityGroupInfo/>"
    b"</DescribeSecurityGroupsResponse>"
)


def test_too_many_calls_are_tried_once_more() -> None:
    aws, pauses = FakeAws(), Pauses()
    aws.failures = [failure("RequestLimitExceeded", 503), answer(EMPTY)]
    assert groups_of(aws, pauses) == []
    assert pauses == [1.0]
    assert error_of(*[failure("RequestLimitExceeded", 503)] * 2).kind == "throttled"


def page(token: str) -> Any:
    return answer(
        b"<DescribeSecurityGroupsResponse><requestId>1</requestId><securityGroupInfo>"
        b"<item><groupId>sg-1</groupId></item></securityGroupInfo><nextToken>"
        + token.encode()
        + b"</nextToken>"
        b"</DescribeSecurityGroupsResponse>"
    )


def test_pages() -> None:
    aws = FakeAws()
    aws.failures = [page("a"), page("b"), page("")]
    assert len(groups_of(aws)) == 3
    assert b"NextToken=b" in aws.requests[-1].body


def test_pages_without_an_end() -> None:
    assert error_of(page("a"), page("a")).kind == "endless"
    assert error_of(*(page(str(number)) for number in range(40))).kind == "endless"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"<html>login</html>", 200, "invalid"),
        (b"nonsense", 200, "invalid"),
        (b"", 502, "unreachable"),
        (b"<html>Bad Gateway</html>", 502, "unreachable"),
        (b"\xff\xfe", 400, "invalid"),
        (b"<a>" * 20_000, 200, "invalid"),
    ],
)
def test_nonsense(body: bytes, status: int, kind: str) -> None:
    aws = FakeAws()
    aws.failures = [answer(body, status)]
    with pytest.raises(ApiError) as caught:
        asyncio.run(EC2.fetch(CloudInstance("aws-ec2", REGION, "i-01234567"), KEY, aws))
    assert caught.value.kind == kind


def test_no_answer() -> None:
    error = error_of(timeout)
    assert (error.kind, error.action) == ("timeout", ACTION)


def echo(request: ApiRequest) -> ApiResponse:
    """An error that repeats all that was sent."""
    return failure("AuthFailure", 401, f"{SECRET} {TOKEN} {KEY_ID}")(request)


@pytest.mark.parametrize("failing", [echo, timeout, answer(f"<{SECRET}".encode())])
def test_no_secret_is_in_an_error(failing: Any) -> None:
    error = error_of(failing)
    shown = f"{error!r} {error} {vars(error)} {KEY!r}".lower()
    assert "canary" not in shown


def test_a_call_that_changes_something_does_not_leave() -> None:
    aws = FakeAws()

    async def change() -> None:
        api = await open_api(KEY, REGION, aws)
        await api.call("authorize_security_group_ingress", {"GroupId": "sg-1", "CidrIp": "::/0"})

    with pytest.raises(ApiError, match="only read"):
        asyncio.run(change())
    assert not aws.requests


def test_a_region_is_needed() -> None:
    with pytest.raises(ApiError) as caught:
        asyncio.run(EC2.locate("203.0.113.9", Credentials("a", "b", "c"), FakeAws()))
    assert caught.value.code == "no-region"
