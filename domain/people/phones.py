"""Phone numbers: kept in E.164, read as Canadian unless written with + (R12.1)."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType


def e164(written: str) -> str | None:
    """The number in E.164; None for what is not a phone that can be texted: invalid, an extension, toll-free."""
    try:
        number = phonenumbers.parse(written, "CA")
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or number.extension:
        return None
    if phonenumbers.number_type(number) in (PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
