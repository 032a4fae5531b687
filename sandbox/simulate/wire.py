"""The bot's way to the sandbox's Telegram in a simulation: the same calls and answers, without sockets between."""

from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData

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
        params = Params(dict(request_data.json_parameters) if request_data else {})
        response = await door.answer(self._network, token, called, params)
        if isinstance(response, NoAnswer):
            raise NetworkError("ServerDisconnectedError: Server disconnected")
        return response.status_code, bytes(response.body)
