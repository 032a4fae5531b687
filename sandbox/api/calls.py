"""How a /sandbox call reaches its function, and how its answer goes back."""

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.json_types import Json
from sandbox.network import Network
from sandbox.people import Person
from sandbox.refusal import Refused


@dataclass(frozen=True)
class Call:
    """One call: the network, the body, the query and the id in the path."""

    network: Network
    body: Json
    query: dict[str, str]
    id: str

    @property
    def person(self) -> Person:
        """The person whose id stands in the path."""
        return self.network.people.get(self.id)

    def needed(self, name: str) -> Any:
        """A field that the body must have."""
        if self.body.get(name) is None:
            raise Refused(f"The body needs {name}.")
        return self.body[name]


Handler = Callable[[Call], Any]


def routed(path: str, **handlers: Handler) -> list[Route]:
    """The routes of one address, a handler for each HTTP method. A handler's None is answered `{"ok": true}`."""
    return [Route(f"/sandbox{path}", _endpoint(handler), methods=[method]) for method, handler in handlers.items()]


def _endpoint(handler: Handler) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            network: Network = request.app.state.network
            call = Call(network, await _body(request), dict(request.query_params), request.path_params.get("id", ""))
            result = handler(call)
            if inspect.isawaitable(result):
                result = await result
        except Refused as refused:
            return JSONResponse({"error": refused.sentence}, refused.status)
        except (TypeError, ValueError, OverflowError) as error:  # a field of the wrong type
            return JSONResponse({"error": f"That can't be read: {error}."}, 400)
        return JSONResponse({"ok": True} if result is None else result)

    return endpoint


async def _body(request: Request) -> Json:
    raw = await request.body()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError as error:
        raise Refused("The body is no JSON.") from error
    if not isinstance(body, dict):
        raise Refused("The body is a JSON object.")
    return body
