"""The bot's way to the sandbox's Telegram in a simulation: the same calls and answers, without sockets between."""

from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData

from bot.delivery.aiohttp_request import needed
from sandbox.answers import NoAnswer
from sandbox.network import Network
from sandbox.telegram import door
from sandbox.telegram.params import Params


class Wire(BaseRequest):
    """Calls the network's door itself."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def read_timeout(self) -> float:
        """Nothing is waited for."""
        return 0.0

    async def initialize(self) -> None:
        """There is nothing to open …"""

    async def shutdown(self) -> None:
        """… and nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_timeouts: object, **_named: object
    ) -> tuple[int, bytes]:
        """As over HTTP; an answer that is lost is a connection that breaks."""
        token, called = url.rpartition("/bot")[2].split("/", 1)
        response = await door.answer(self._network, token, called, _params(request_data or RequestData()))
        if isinstance(response, NoAnswer):
            raise NetworkError("ServerDisconnectedError: Server disconnected")
        return response.status_code, needed(url, response.status_code, bytes(response.body))


def _params(given: RequestData) -> Params:
    """With the files that are sent: pictures, and what is sent as a document."""
    parts = {name: (str(part[0]), part[1]) for name, part in given.multipart_data.items()}
    files = {name: content if isinstance(content, bytes) else content.read() for name, (_, content) in parts.items()}
    return Params(dict(given.json_parameters), files, {name: file_name for name, (file_name, _) in parts.items()})
