"""One SMS."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sandbox.json_types import Json
from sandbox.people import Person
from sandbox.sms.callbacks import Address
from sandbox.sms.segments import segments

LONGEST_BODY = 1600

Direction = Literal["inbound", "outbound-api", "outbound-reply"]


@dataclass
class Text:
    """One SMS. `sender` is a number or a name; `person` is whose phone it is in; None: nobody here has the number.

    `report_to` is where the company wants to hear of every status.
    """

    sid: str
    sender: str
    to: str
    body: str
    at: datetime
    person: Person | None
    direction: Direction = "outbound-api"
    status: str = "queued"
    updated_at: datetime | None = None
    sent_at: datetime | None = None
    error_code: int | None = None
    service_sid: str | None = None
    report_to: Address | None = None

    def view(self) -> Json:
        """The SMS as the page draws it."""
        size = segments(self.body)
        return {
            "sid": self.sid,
            "from": "person" if self.direction == "inbound" else "company",
            "sender": self.sender,
            "to": self.to,
            "person": self.person.id if self.person else None,
            "body": self.body,
            "at": self.at.isoformat(),
            "status": self.status,
            "segments": size.parts,
            "encoding": size.encoding,
        }
