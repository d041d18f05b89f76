"""Domain names that content delivery networks use for their customers' sites."""

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
    (".cdnhwc1.com", "Huawei Cloud CDN"),
    (".qiniudns.com", "Qiniu CDN"),
)
