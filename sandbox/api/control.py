"""Calls about the clock, faults and what went on."""

from datetime import datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from sandbox.api.calls import Call
from sandbox.json_types import Json
from sandbox.network import Network
from sandbox.refusal import Refused


def clock(call: Call) -> Json:
    """The sandbox's instant, and whether it runs."""
    clock = call.network.clock
    return {
        "now": clock.now().isoformat(),
        "running": clock.running,
        "offset_seconds": clock.offset_seconds,
        "timezone": call.network.settings.timezone,
    }


def set_clock(call: Call) -> Json:
    """Moves the clock ahead, stops it or lets it run."""
    clock_now, body = call.network.clock, call.body
    target = datetime.fromisoformat(body["set"]) if "set" in body else None
    if target and target.tzinfo is None:
        raise Refused("An instant needs its offset.")
    try:
        if target:
            clock_now.set(target)
        elif "forward" in body:
            clock_now.forward(float(body["forward"]))
    except ValueError as error:
        raise Refused(str(error), 409) from error
    if "running" in body:
        (clock_now.resume if body["running"] else clock_now.pause)()
    call.network.events.emit("clock")
    return clock(call)


def faults(call: Call) -> Json:
    """The faults that are on."""
    return call.network.faults.view()


def add_fault(call: Call) -> Json:
    """Puts in a fault."""
    fault = call.network.faults.add_from(call.body)
    call.network.events.emit("faults")
    return dict(vars(fault))


def remove_fault(call: Call) -> None:
    """Takes out a fault."""
    call.network.faults.remove(call.id)
    call.network.events.emit("faults")


def clear_faults(call: Call) -> None:
    """Takes out all."""
    call.network.faults.clear()
    call.network.events.emit("faults")


def requests(call: Call) -> Json:
    """What the bot asked for."""
    return {"requests": call.network.requests.view(int(call.query.get("after", 0)), call.query.get("method"))}


def updates(call: Call) -> Json:
    """What the bot has not confirmed."""
    telegram = call.network.telegram
    return {"updates": [each.body() for each in telegram.updates.pending()], "webhook": telegram.webhook.info()}


def reset(call: Call) -> None:
    """Forgets everything but the clock."""
    call.network.reset()


async def events(request: Request) -> Response:
    """The stream of changes."""
    network: Network = request.app.state.network
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(network.events.stream(), media_type="text/event-stream", headers=headers)


async def file(request: Request) -> Response:
    """A picture or a file that the bot sent."""
    network: Network = request.app.state.network
    document = network.telegram.documents.get(request.path_params["id"])
    if document is not None:
        named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.name)}"}
        return Response(document.data, media_type=document.media_type, headers=named)
    photo = network.telegram.photos.get(request.path_params["id"])
    if photo is None or photo.data is None:
        return JSONResponse({"error": "There is no such picture."}, 404)
    return Response(photo.data, media_type=photo.media_type)
