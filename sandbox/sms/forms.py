"""The forms that Twilio brings to the company; what it does not know stays in them as a blank."""

from sandbox.sms.callbacks import Form
from sandbox.sms.segments import segments
from sandbox.sms.text import Text

API_VERSION = "2010-04-01"
_PLACES = {f"{end}{part}": "" for end in ("From", "To") for part in ("City", "State", "Zip", "Country")}


def report(text: Text, account_sid: str) -> Form:
    """How far an SMS has come, now."""
    form = {**_common(text, account_sid), "MessageStatus": text.status, "SmsStatus": text.status}
    if text.error_code is not None:
        form["ErrorCode"] = str(text.error_code)
    if text.service_sid:
        form["MessagingServiceSid"] = text.service_sid
    return form


def incoming(text: Text, account_sid: str) -> Form:
    """An SMS to the company."""
    return {
        **_common(text, account_sid),
        **_PLACES,
        "SmsMessageSid": text.sid,
        "SmsStatus": text.status,
        "Body": text.body,
        "NumMedia": "0",
        "NumSegments": str(segments(text.body).parts),
        "FromCountry": "CA",
        "ToCountry": "CA",
    }


def _common(text: Text, account_sid: str) -> Form:
    return {
        "MessageSid": text.sid,
        "SmsSid": text.sid,
        "AccountSid": account_sid,
        "From": text.sender,
        "To": text.to,
        "ApiVersion": API_VERSION,
    }
