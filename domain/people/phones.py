"""Phone numbers: kept in E.164, read as Canadian unless written with + (R12.1)."""

from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

# Unknown is what an invalid number is; asked for by itself, that would take as long again.
_NOT_TO_BE_TEXTED: Final = (PhoneNumberType.UNKNOWN, PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE)


def e164(written: str) -> str | None:
    """The number in E.164; None for what is not a phone that can be texted: invalid, an extension, toll-free."""
    try:
        number = phonenumbers.parse(written, "CA")
    except NumberParseException:
        return None
    if number.extension or phonenumbers.number_type(number) in _NOT_TO_BE_TEXTED:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
