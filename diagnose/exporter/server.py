"""The endpoints, with the paths, statuses and texts of blackbox_exporter."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from diagnose.exporter.config_file import ConfigError, to_yaml
from diagnose.exporter.guard import guard
from diagnose.exporter.history import Result
from diagnose.exporter.index_page import index_page
from diagnose.exporter.metrics import exposition
from diagnose.exporter.modules import Module, unsupported_option
from diagnose.exporter.parameters import decode_target, probe_timeout
from diagnose.exporter.probers import target_host
from diagnose.exporter.service import Service, debug_output
from diagnose.parsers.sanitize import clean

TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"


class Refusal(Exception):
    """A request that gets no probe: the status and the text of the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Endpoints:
    def __init__(self, service: Service) -> None:
        self._service = service

    def application(self, *middlewares: Middleware) -> web.Application:
        application = web.Application(
            middlewares=[guard(self._service.settings), *middlewares], client_max_size=65536
        )
        application.router.add_routes(
            [
                web.get("/", self._index),
                web.get("/probe", self._refusable(self._probe)),
                web.get("/logs", self._refusable(self._logs)),
                web.get("/config", self._config),
                web.get("/metrics", self._metrics),
                web.get("/-/healthy", self._healthy),
                web.route("*", "/-/reload", self._reload),
            ]
        )
        return application

    def _refusable(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except Refusal as refusal:
                return error_response(refusal.status, str(refusal))

        return handle

    async def _probe(self, request: web.Request) -> web.Response:
        service, query = self._service, request.query
        name = query.get("module", "") or "http_2xx"
        module = self._module(name)
        timeout = self._timeout(request, module)
        target = decode_target(self._target(query.get("target", "")))
        hostname = query.get("hostname", "")
        self._check(name, module, target, hostname)
        probe = await service.probe(name, module, target, hostname, timeout)
        if query.get("debug") == "true":
            return plain_response(debug_output(probe))
        return metrics_response(*exposition(probe.metrics, request.headers.get("Accept", "")))

    def _module(self, name: str) -> Module:
        module = self._service.configuration.modules.get(name)
        if module is None:
            self._service.unknown_modules.inc()
            raise Refusal(400, f'Unknown module "{clean(name)}"')
        return module

    def _timeout(self, request: web.Request, module: Module) -> float:
        header, offset = request.headers.get(TIMEOUT_HEADER, ""), self._service.settings
        try:
            return probe_timeout(header, module.timeout, offset.timeout_offset)
        except ValueError as error:
            text = f"Failed to parse timeout from Prometheus header: {clean(str(error))}"
            raise Refusal(500, text) from None

    @staticmethod
    def _target(target: str) -> str:
        if not target:
            raise Refusal(400, "Target parameter is missing")
        return target

    def _check(self, name: str, module: Module, target: str, hostname: str) -> None:
        """Raise Refusal if the module cannot be used, or the target must not be."""
        service = self._service
        if option := unsupported_option(module):
            raise Refusal(400, f"diagnose serve does not have {option} of module {name!r}")
        own_host = next(
            (value for field, value in module.http.headers.items() if field.lower() == "host"), ""
        )
        if module.prober == "http" and hostname and own_host not in {"", hostname}:
            raise Refusal(400, "host header defined both in module configuration "
                f"({own_host}) and with URL-parameter 'hostname' ({clean(hostname)})")  # fmt: skip
        if reason := service.settings.policy.refusal(target_host(module, target)):
            service.probes.labels(name, "refused").inc()
            raise Refusal(403, f"Target refused: {clean(reason)}")
        if service.is_full:
            service.probes.labels(name, "overload").inc()
            raise Refusal(503, f"{service.settings.max_probes} probes are in flight already")

    async def _logs(self, request: web.Request) -> web.Response:
        return plain_response(self._result(request).debug_output())

    def _result(self, request: web.Request) -> Result:
        query, history = request.query, self._service.history
        target, module, number = (
            query.get("target", ""),
            query.get("module", ""),
            query.get("id", ""),
        )
        has_id = number.isascii() and number.isdigit() and len(number) < 19
        if has_id and target:
            raise Refusal(400, "Probe id and target can't be defined at the same time")
        if not has_id and not target:
            raise Refusal(400, "Probe id or target must be defined as http query parameters")
        if module and not target:
            raise Refusal(
                400, "Probe module filter only works in conjunction with target parameter"
            )
        result = history.by_target(target, module) if target else history.by_id(int(number))
        if result is None:
            raise Refusal(404, f"Probe {'target' if target else 'id'} not found")
        return result

    async def _index(self, request: web.Request) -> web.Response:
        text = index_page(list(self._service.history))
        return web.Response(text=text, content_type="text/html")

    async def _config(self, request: web.Request) -> web.Response:
        return plain_response(to_yaml(self._service.configuration))

    async def _metrics(self, request: web.Request) -> web.Response:
        accept = request.headers.get("Accept", "")
        return metrics_response(*exposition(self._service.registry, accept))

    async def _healthy(self, request: web.Request) -> web.Response:
        return plain_response("Healthy")

    async def _reload(self, request: web.Request) -> web.Response:
        if request.method != "POST":
            return plain_response("This endpoint requires a POST request.\n", 405)
        try:
            await self._service.reload()
        except ConfigError as error:
            return error_response(500, f"failed to reload config: {error}")
        return plain_response("")


def plain_response(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/plain")


def error_response(status: int, text: str) -> web.Response:
    return plain_response(f"{text}\n", status)


def metrics_response(body: bytes, media_type: str) -> web.Response:
    response = web.Response(body=body, headers={"Content-Type": media_type})
    response.enable_compression()
    return response
