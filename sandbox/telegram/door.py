"""Telegram's door: `/bot<token>/<method>`."""

import re
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.answers import NoAnswer, unanswered
from sandbox.faults import Fault
from sandbox.json_types import Json
from sandbox.requests import Recorded
from sandbox.telegram.errors import ApiError, too_many
from sandbox.telegram.methods import named, perform
from sandbox.telegram.params import Params, read_params

if TYPE_CHECKING:
    from sandbox.network import Network


async def call(request: Request) -> Response:
    """One call of the bot."""
    token, method = request.path_params["token"], request.path_params["method"]
    try:
        params = await read_params(request)
    except ApiError as error:
        return await answer(request.app.state.network, token, method, Params({}), error)
    return await answer(request.app.state.network, token, method, params)


async def file(request: Request) -> Response:
    """A file that somebody has sent, at the path that getFile gave. Faults hit it as the method `file`."""
    network: Network = request.app.state.network
    path = request.path_params["path"]
    entry = network.requests.record("telegram", "file", lambda: {"file_path": path}, None)
    refusal = _judge_token(network, request.path_params["token"])
    response = _answer(refusal) if refusal else _fetched(network, path)
    entry.status = None if isinstance(response, NoAnswer) else response.status_code
    return response


def _fetched(network: "Network", path: str) -> Response:
    if fault := network.faults.strike("telegram", "file", None):
        return NoAnswer() if fault.kind == "answer-lost" else unanswered(fault) or _answer(_refusal(fault))
    found = next((each for each in network.telegram.documents.values() if each.path == path), None)
    return _answer(ApiError(404)) if found is None else Response(found.data)


async def answer(
    network: "Network", token: str, method: str, params: Params, refusal: ApiError | None = None
) -> Response:
    """What Telegram answers to a call, however it came; `refusal`: it could not be read."""
    method = named(method)
    refusal = refusal or _judge_token(network, token)
    entry = _record(network, method, params)
    response = _answer(refusal) if refusal else await _carried_out(network, method, params, entry)
    entry.status = None if isinstance(response, NoAnswer) else response.status_code
    return response


async def reply(network: "Network", body: Json) -> None:
    """Carries out the method that the bot put into its answer to the webhook; nobody learns how it went."""
    params = Params({name: value for name, value in body.items() if name != "method"})
    method = named(str(body["method"]))
    entry = _record(network, method, params)
    entry.status, _ = await perform(network.telegram, method, params)


async def _carried_out(network: "Network", method: str, params: Params, entry: Recorded) -> Response:
    fault = network.faults.strike("telegram", method, entry.chat)
    if fault and fault.kind != "answer-lost":
        return unanswered(fault) or _answer(_refusal(fault))
    status, body = await perform(network.telegram, method, params)
    return NoAnswer() if fault else JSONResponse(body, status)


def _record(network: "Network", method: str, params: Params) -> Recorded:
    person = network.people.by_user_id.get(params.whole("chat_id"))
    if press := network.telegram.presses.get(params.text("callback_query_id")):
        person = press.person
    group = network.telegram.groups.by_chat_id.get(params.whole("chat_id"))
    whose = person or group
    return network.requests.record("telegram", method, params.shown, whose.id if whose else None)


def _judge_token(network: "Network", token: str) -> ApiError | None:
    if token == network.settings.token:
        return None
    return ApiError(401 if re.fullmatch(r"\d+:[\w-]+", token) else 404)


def _refusal(fault: Fault) -> ApiError:
    if fault.kind == "429":
        return too_many(fault.retry_after)
    return ApiError(502 if fault.kind == "down" else 500)


def _answer(refusal: ApiError) -> Response:
    return JSONResponse(refusal.body(), refusal.code)
