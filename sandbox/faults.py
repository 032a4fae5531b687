"""Faults that one can put into either network."""

import asyncio
import random
from dataclasses import dataclass

from sandbox.json_types import Json
from sandbox.refusal import Refused

NETWORKS = ("telegram", "sms")
KINDS = ("down", "429", "500", "hang", "answer-lost")


@dataclass
class Fault:
    """One fault: whom it hits (`methods`, `person`), which part of the requests (`share`) and how often at most."""

    id: str
    network: str
    kind: str
    share: float = 1.0
    times: int | None = None
    methods: list[str] | None = None
    person: str | None = None
    retry_after: int = 3

    def fits(self, network: str, method: str, person: str | None) -> bool:
        """Whether it may hit this request."""
        return (
            self.network == network
            and self.times != 0
            and (self.methods is None or method.lower() in (name.lower() for name in self.methods))
            and (self.person is None or self.person == person)
        )

    def cuts_off(self, network: str) -> bool:
        """Whether nothing at all gets through, in either direction."""
        spares = self.methods is not None or self.person is not None or self.share < 1 or self.times is not None
        return self.network == network and self.kind == "down" and not spares


class Faults:
    """The faults that are on. The first that fits and whose dice fall so hits the request."""

    def __init__(self, seed: int | None = None) -> None:
        self._on: dict[str, Fault] = {}
        self._added = 0
        self._dice = random.Random(seed)
        self._open = {name: asyncio.Event() for name in NETWORKS}
        self._changed()

    def add_from(self, body: Json) -> Fault:
        """Puts in a fault as told by the page."""
        network, kind = str(body.get("network")), str(body.get("kind"))
        if network not in NETWORKS or kind not in KINDS:
            raise Refused(f"A fault has a network ({', '.join(NETWORKS)}) and a kind ({', '.join(KINDS)}).")
        times, methods, person = body.get("times"), body.get("methods"), body.get("person")
        self._added += 1
        fault = Fault(
            id=str(self._added),
            network=network,
            kind=kind,
            share=float(body.get("share", 1.0)),
            times=None if times is None else int(times),
            methods=None if methods is None else [str(name) for name in methods],
            person=None if person is None else str(person),
            retry_after=int(body.get("retry_after", 3)),
        )
        self._on[fault.id] = fault
        self._changed()
        return fault

    def remove(self, fault_id: str) -> None:
        """Takes one out; refused (404) where it is not on."""
        if self._on.pop(fault_id, None) is None:
            raise Refused("There is no such fault.", 404)
        self._changed()

    def clear(self) -> None:
        """Takes all out."""
        self._on.clear()
        self._changed()

    def strike(self, network: str, method: str, person: str | None) -> Fault | None:
        """The fault that hits this request, if one does; counts it."""
        for fault in self._on.values():
            if fault.fits(network, method, person) and self._dice.random() < fault.share:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    async def passable(self, network: str) -> None:
        """Waits for as long as the network is cut off."""
        await self._open[network].wait()

    def view(self) -> Json:
        """All, by network."""
        return {name: [dict(vars(fault)) for fault in self._on.values() if fault.network == name] for name in NETWORKS}

    def _changed(self) -> None:
        for network, is_open in self._open.items():
            cut_off = any(fault.cuts_off(network) for fault in self._on.values())
            (is_open.clear if cut_off else is_open.set)()
