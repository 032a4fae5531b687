"""The mark of an offer, by how it is given to somebody; the same wherever it stands."""

from typing import Final

from domain.db.models.words import BidWindowMode

SIGNS: Final = {BidWindowMode.COMPETITIVE: "🙋", BidWindowMode.INSTANT: "⚡", BidWindowMode.EMERGENCY: "🚨"}
