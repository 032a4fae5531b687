"""Twilio's door: `/2010-04-01/Accounts/{sid}/Messages.json`."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.answers import NoAnswer, unanswered
from sandbox.faults import Fault
from sandbox.settings import Settings
from sandbox.sms import twilio

if TYPE_CHECKING:
    from sandbox.network import Network


async def messages(request: Request) -> Response:
    """Sends an SMS (`create`) or lists them (`list`)."""
    if request.method == "POST":
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        return _enter(request, "create", form)
    return _enter(request, "list", dict(request.query_params))


async def message(request: Request) -> Response:
    """Shows one SMS (`fetch`)."""
    return _enter(request, "fetch", {"Sid": request.path_params["message_sid"]})


def _enter(request: Request, method: str, params: Mapping[str, str]) -> Response:
    network: Network = request.app.state.network
    person = network.people.by_phone.get(params.get("To", ""))
    entry = network.requests.record("sms", method, lambda: dict(params), person.id if person else None)
    fault = network.faults.strike("sms", method, entry.chat)
    if fault and fault.kind != "answer-lost":
        response = unanswered(fault) or _refusal(fault)
    else:
        response = _carried_out(network, request, method, params)
        response = NoAnswer() if fault else response
    entry.status = None if isinstance(response, NoAnswer) else response.status_code
    return response


def _carried_out(network: "Network", request: Request, method: str, params: Mapping[str, str]) -> Response:
    account = network.settings.account_sid
    try:
        _judge_account(network.settings, request)
        if method == "create":
            text = twilio.create(network.sms, network.people, network.settings, params)
            return JSONResponse(twilio.resource(text, account), 201)
        if method == "list":
            return JSONResponse(twilio.page(network.sms, account, params))
        text = twilio.find(network.sms, request.url.path, params["Sid"])
        return JSONResponse(twilio.resource(text, account))
    except twilio.TwilioError as error:
        return JSONResponse(error.body, error.status)


def _judge_account(settings: Settings, request: Request) -> None:
    given = _credentials(request.headers.get("authorization", ""))
    if not secrets.compare_digest(given, f"{settings.account_sid}:{settings.auth_token}".encode()):
        raise twilio.TwilioError(20003, "Authenticate", 401)
    if request.path_params["account_sid"] != settings.account_sid:
        raise twilio.TwilioError(20404, f"The requested resource {request.url.path} was not found", 404)


def _credentials(header: str) -> bytes:
    scheme, _, given = header.partition(" ")
    try:
        return base64.b64decode(given, validate=True) if scheme.lower() == "basic" else b""
    except binascii.Error:
        return b""


def _refusal(fault: Fault) -> Response:
    if fault.kind == "down":  # as a proxy says it: no JSON
        return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
    if fault.kind == "429":
        error = twilio.TwilioError(20429, "Too Many Requests", 429)
        return JSONResponse(error.body, 429, {"Retry-After": str(fault.retry_after)})
    return JSONResponse(twilio.TwilioError(20500, "An internal server error has occurred", 500).body, 500)
