"""Signs of content delivery networks: the names that they use for their customers' sites, and the
fields that they add to responses."""

from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from diagnose.model.http import header
from diagnose.model.marks import Headers

#: Suffixes of the names that customers' names are aliased to.
ALIASES = (
    (".cdn.cloudflare.net", "Cloudflare"),
    (".cloudfront.net", "Amazon CloudFront"),
    (".fastly.net", "Fastly"),
    (".fastlylb.net", "Fastly"),
    (".edgekey.net", "Akamai"),
    (".edgesuite.net", "Akamai"),
    (".akamaiedge.net", "Akamai"),
    (".azureedge.net", "Azure CDN"),
    (".azurefd.net", "Azure Front Door"),
    (".b-cdn.net", "bunny.net"),
    (".impervadns.net", "Imperva"),
    (".kunlunsl.com", "Alibaba Cloud CDN"),
    (".kunlunaq.com", "Alibaba Cloud CDN"),
    (".kunlunar.com", "Alibaba Cloud CDN"),
    (".alikunlun.com", "Alibaba Cloud CDN"),
    (".cdn.dnsv1.com", "Tencent Cloud CDN"),
    (".cdn.dnsv1.com.cn", "Tencent Cloud CDN"),
    *((f".eo.dnse{number}.com", "Tencent EdgeOne") for number in range(6)),
    (".cdnhwc1.com", "Huawei Cloud CDN"),
    (".qiniudns.com", "Qiniu CDN"),
)

#: Suffixes of the names that load balancers have (their providers' documents; Tencent Cloud's names
#: have a region in the middle).
BALANCERS = (
    (".elb.amazonaws.com", "AWS load balancer"),
    (".elb.amazonaws.com.cn", "AWS load balancer"),
    (".aliyuncsslb.com", "Alibaba Cloud load balancer"),
    (".tencentclb.com", "Tencent Cloud load balancer"),
    ("-tencentclb.com", "Tencent Cloud load balancer"),
    (".volcenginealb.com", "Volcengine load balancer"),
    (".volcengineclb.com", "Volcengine load balancer"),
)

#: Fields that a CDN adds to its responses: name, beginning of the value, the CDN.
FIELDS = (
    ("cf-ray", "", "Cloudflare"),
    ("x-amz-cf-id", "", "Amazon CloudFront"),
    ("x-fastly-request-id", "", "Fastly"),
    ("server", "akamaighost", "Akamai"),
    ("x-azure-ref", "", "Azure Front Door"),
    ("server", "bunnycdn", "bunny.net"),
    ("x-iinfo", "", "Imperva"),
    ("eagleid", "", "Alibaba Cloud CDN"),
    ("eo-log-uuid", "", "Tencent EdgeOne"),
    ("x-nws-log-uuid", "", "Tencent Cloud CDN"),
    ("x-hcs-proxy-type", "", "Huawei Cloud CDN"),
)


def field_signs(headers: Headers) -> tuple[tuple[str, str], ...]:
    """Return (CDN, the field as sent) for each field that only a CDN adds."""
    return tuple(
        (cdn, f"{field}: {value[:60]}")
        for field, prefix, cdn in FIELDS
        if (value := header(headers, field)) is not None and value.lower().startswith(prefix)
    )


def balancer_of(alias: str) -> str:
    """Return whose load balancer has this name, "" for none."""
    name = alias.lower().rstrip(".")
    return next((owner for suffix, owner in BALANCERS if name.endswith(suffix)), "")


#: Cloudflare's networks (https://www.cloudflare.com/ips/, 2026-11); the list has been the same for
#: years.
CLOUDFLARE_NETWORKS = (
    "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "104.16.0.0/13",
    "104.24.0.0/14", "108.162.192.0/18", "131.0.72.0/22", "141.101.64.0/18",
    "162.158.0.0/15", "172.64.0.0/13", "173.245.48.0/20", "188.114.96.0/20",
    "190.93.240.0/20", "197.234.240.0/22", "198.41.128.0/17", "2400:cb00::/32",
    "2405:8100::/32", "2405:b500::/32", "2606:4700::/32", "2803:f800::/32",
    "2a06:98c0::/29", "2c0f:f248::/32",
)  # fmt: skip


#: The field in which Cloudflare sends the visitor's address.
CLOUDFLARE_FIELD = "CF-Connecting-IP"


def is_cloudflare(address: str) -> bool:
    """Return whether an address is Cloudflare's; False for what is no address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(parsed in network for network in _networks() if network.version == parsed.version)


@cache
def _networks() -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(map(ip_network, CLOUDFLARE_NETWORKS))
