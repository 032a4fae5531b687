"""Whether a request is really Twilio's (R12.4)."""

from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from twilio.request_validator import RequestValidator

HEADER: Final = "X-Twilio-Signature"
MOST_BYTES: Final = 1 << 16  # a form of Twilio's is about a thousand


async def signed_form(request: Request, public_url: str, auth_token: str) -> ImmutableMultiDict[str, str]:
    """The form that Twilio has signed: over the public address and every field, the blank ones too. 403 otherwise.

    Behind a proxy the request itself names another host: what counts is the address that Twilio was given.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(400, "This is too long for Twilio.")
    form = ImmutableMultiDict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    query = f"?{request.url.query}" if request.url.query else ""
    signature = request.headers.get(HEADER, "")  # twilio raises where it is None
    if not RequestValidator(auth_token).validate(public_url + request.url.path + query, form, signature):
        raise HTTPException(403, "The signature is missing or wrong.")
    return form
