"""The proxy of a module."""

import os

from diagnose.exporter.modules import ClientConfig
from diagnose.net import Net
from diagnose.net.httpx_library import httpx
from diagnose.parsers import proxy_url


def proxied_net(net: Net, config: ClientConfig, url: httpx.URL) -> Net:
    """Return the network through the module's proxy for this URL; the network itself if there is
    none."""
    proxy = proxy_for(config, url.scheme, url.host)
    if not proxy:
        return net
    from diagnose.net.proxy import ProxiedNet

    return ProxiedNet(net, proxy)


def proxy_for(config: ClientConfig, scheme: str, host: str) -> str:
    """Return the proxy's URL, "" for none."""
    if config.proxy_url:
        is_exempt = proxy_url.is_exempt({"no_proxy": config.no_proxy}, host)
        return "" if is_exempt else config.proxy_url
    if not config.proxy_from_environment or proxy_url.is_exempt(os.environ, host):
        return ""
    setting = proxy_url.from_environment(os.environ, scheme)
    return setting[1] if setting else ""


def proxy_host(config: ClientConfig) -> str:
    """Return the host of the proxy that the configuration names, "" for none."""
    try:
        return proxy_url.parse_proxy_url(config.proxy_url).host if config.proxy_url else ""
    except ValueError:
        return ""
