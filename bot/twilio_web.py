"""What Twilio brings to us: SMS that came in, and how far ours have come."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from twilio.twiml.messaging_response import MessagingResponse

from bot.acting import Edge
from bot.delivery.sms import Found
from bot.delivery.texting import on_report
from bot.faults import is_passing
from bot.sms.receiving import Answer, receive_sms
from bot.sms.texter import Incoming
from bot.twilio_signature import signed_form
from domain.people.phones import e164

SMS_PATH: Final = "/twilio/sms"
STATUS_PATH: Final = "/twilio/status"


def for_twilio(edge: Edge, public_url: str, auth_token: str) -> list[Route]:
    """Where Twilio brings SMS, under the address that its number or messaging service was given."""

    async def on_sms(request: Request) -> Response:
        form = await signed_form(request, public_url, auth_token)
        sid, sender = form.get("MessageSid", ""), form.get("From", "").strip()
        if not sid or not sender:
            raise HTTPException(400, "This is no SMS.")
        incoming = Incoming(sid, e164(sender) or sender, form.get("Body", ""), form.get("OptOutType"))
        answer = await receive_sms(edge, incoming)
        if answer is None:
            return PlainTextResponse("Not recorded; please bring it again.", 503)
        return Response(_twiml(answer), media_type="application/xml")

    async def on_status(request: Request) -> Response:
        """Whatever it reports on: what can't be used is not brought again."""
        form = await signed_form(request, public_url, auth_token)
        if (report := _report(request, form)) is not None:
            try:
                await on_report(edge.mail, *report)
            except Exception as fault:
                if not is_passing(fault):
                    raise
                return PlainTextResponse("Not recorded; please bring it again.", 503)
        return Response(status_code=204)

    return [Route(SMS_PATH, on_sms, methods=["POST"]), Route(STATUS_PATH, on_status, methods=["POST"])]


def _report(request: Request, form: Mapping[str, str]) -> tuple[UUID, Found] | None:
    """The attempt, by its id in the address, and what has become of it; None where this is no such report."""
    sid, status, code = form.get("MessageSid"), form.get("MessageStatus"), form.get("ErrorCode", "")
    try:
        attempt_id = UUID(request.query_params.get("attempt", ""))
    except ValueError:
        return None
    if not sid or not status:
        return None
    return attempt_id, Found(sid, status, int(code) if code.isdecimal() and len(code) < 10 else None)


def _twiml(answer: Answer) -> str:
    response = MessagingResponse()
    if answer.text is not None:
        response.message(answer.text)
    return str(response)
