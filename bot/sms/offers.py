"""TAKE: an offer, by SMS (R11.6)."""

from collections.abc import Sequence
from uuid import UUID

from bot.screens import sms_answers, texts
from bot.screens.sms_answers import Takeable
from bot.sms.texter import Texting, reader_of
from domain.bidding import actions as bidding
from domain.bidding import bids, offers
from domain.bidding.offers import Offer
from domain.bidding.rules import Award
from domain.db.models.words import BidStatus
from domain.notices import codes
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refused


async def take(this: Texting) -> str | None:
    """Takes what the code stands for, or the one thing that is open."""
    if this.texted.code is not None:
        if this.meant is None or this.named is None or this.meant.kind != Kind.OFFER:
            return sms_answers.wrong_code(await _coded(this, await _open(this)), this.company, this.reader)
        return await _take(this, this.named, this.meant.about)
    open_ = await _open(this)
    if len(open_) == 1:
        ((person, offer),) = open_
        return await _take(this, person, offer.window_id)
    if open_:
        return sms_answers.several_open(await _coded(this, open_), this.company, this.reader)
    for person in this.people:  # texted twice: how it stands (R2.5)
        for taken in await offers.taken_offers(this.session, person.id, this.edge.policy, this.now):
            return sms_answers.already_yours(taken, this.company, this.reader)
    return sms_answers.none_open(this.company, this.reader)


async def _take(this: Texting, person: Person, window_id: UUID) -> str:
    """Bids for it, or accepts it, as it is open at this moment."""
    offer = await offers.offer(this.session, person.id, window_id, this.edge.policy, this.now)
    by_bids = offer is not None and offer.by_bids and not offer.mine
    return await (_bid if by_bids else _accept)(this, person, window_id)


async def _bid(this: Texting, person: Person, window_id: UUID) -> str:
    edge, reader = this.edge, reader_of([person], this.texted.language, this.edge)
    result = await bids.place_bid(this.session, person, window_id, edge.policy, this.now)
    facts = await offers.offer(this.session, person.id, window_id, edge.policy, this.now)
    if isinstance(result, Refused):
        return sms_answers.not_taken(result.why, facts, this.company, reader)
    assert facts is not None, "he has bid for it"
    return sms_answers.bid_is_in(facts, this.company, reader)


async def _accept(this: Texting, person: Person, window_id: UUID) -> str:
    edge, reader = this.edge, reader_of([person], this.texted.language, this.edge)
    result = await bidding.accept_shift(this.session, person, window_id, edge.words, edge.policy, this.now)
    facts = await offers.offer(this.session, person.id, window_id, edge.policy, this.now)
    if isinstance(result, Refused):
        return sms_answers.not_taken(result.why, facts, this.company, reader)
    assert facts is not None, "it is his"
    won = isinstance(result, Award)
    return texts.won(facts, this.company, reader) if won else sms_answers.already_yours(facts, this.company, reader)


async def _open(this: Texting) -> list[tuple[Person, Offer]]:
    """What they were asked for and can still take.

    What they declined, or have bid for already, counts only where there is nothing else.
    """
    every = [
        (person, offer)
        for person in this.people
        for offer in await offers.open_offers(this.session, person.id, this.edge.policy, this.now)
    ]
    new = [(person, offer) for person, offer in every if not offer.declined and offer.bid is not BidStatus.PENDING]
    return new or every


async def _coded(this: Texting, open_: Sequence[tuple[Person, Offer]]) -> list[Takeable]:
    shared = len(this.people) > 1
    return [
        Takeable(
            offer,
            await codes.code_for(
                this.session, this.incoming.phone, person.id, Kind.OFFER, offer.window_id, offer.closes_at
            ),
            person.first_name if shared else None,
        )
        for person, offer in open_
    ]
