"""The warehouses that a preview must look at: those of a manager, and what is connected with them by drivers. Pure."""

import uuid
from collections.abc import Collection, Iterable


def connected(of: Collection[uuid.UUID], ties: Iterable[Collection[uuid.UUID]]) -> frozenset[uuid.UUID]:
    """Warehouses that share drivers, be it by way of others. `ties`: for each driver, those in which he takes routes.

    What is outside shares no driver and no slot with what is inside. All that R3.5 counts is summed over slots and
    drivers, so the best roster of all is the best of what is inside, and that of what is outside.
    """
    reached, rest = frozenset(of), {frozenset(tie) for tie in ties}
    while touching := {tie for tie in rest if tie & reached}:
        reached, rest = reached.union(*touching), rest - touching
    return reached
