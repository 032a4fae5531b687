"""Files that people send, and how a bot fetches them, as from Telegram."""

import base64

import pytest
from telegram import Bot
from telegram.error import BadRequest, NetworkError
from telegram.request import HTTPXRequest

from sandbox.server import Running
from sandbox.telegram import bot_methods
from tests.sandbox.conftest import Calls

TEXT = "phone;name\n416 555 0101;Zoé\n"


async def sent(bot: Bot, calls: Calls, **body: str) -> str:
    """Sends a file; what the bot knows it by."""
    await calls.post("people/amara-osei/document", name="drivers.csv", **body)
    update = (await bot.get_updates())[-1]
    assert update.message is not None and update.message.document is not None
    document = update.message.document
    size = len(TEXT.encode())
    assert (document.file_name, document.mime_type, document.file_size) == ("drivers.csv", "text/csv", size)
    return document.file_id


@pytest.fixture
async def fetching(sandbox: Running) -> Bot:
    base = f"{sandbox.url}/file/bot"
    plain, polling = (HTTPXRequest(httpx_kwargs={"verify": False, "trust_env": False}) for _ in range(2))
    token = sandbox.settings.token
    address = f"{sandbox.url}/bot"
    bot = Bot(token, base_url=address, base_file_url=base, request=plain, get_updates_request=polling)
    await bot.initialize()
    return bot


async def test_a_file_arrives_as_it_was_sent(fetching: Bot, calls: Calls) -> None:
    for body in ({"text": TEXT}, {"base64": base64.b64encode(TEXT.encode()).decode()}):
        file = await fetching.get_file(await sent(fetching, calls, **body))
        assert file.file_size == len(TEXT.encode())
        assert bytes(await file.download_as_bytearray()) == TEXT.encode()
    fetched = [each for each in (await calls.get("requests"))["requests"] if each["method"] == "file"]
    assert [each["status"] for each in fetched] == [200, 200]


async def test_what_telegram_would_refuse_is_refused(
    fetching: Bot, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = await sent(fetching, calls, text=TEXT)
    with pytest.raises(BadRequest, match=r"(?i)invalid file_id"):
        await fetching.get_file("nonsense")
    file = await fetching.get_file(file_id)
    monkeypatch.setattr(bot_methods, "LARGEST_FETCHED", 5)
    with pytest.raises(BadRequest, match="too big"):
        await fetching.get_file(file_id)
    assert file.file_path is not None
    for path, status in ((file.file_path.replace("file_", "other_"), 404), (file.file_path, 200)):
        answer = await calls.http.get(path.replace(str(calls.http.base_url).rstrip("/"), ""))
        assert answer.status_code == status
    strange = file.file_path.replace(fetching.token, "1:abc")
    assert (await calls.http.get(strange)).status_code == 401


async def test_faults_hit_the_fetching_too(fetching: Bot, calls: Calls) -> None:
    file = await fetching.get_file(await sent(fetching, calls, text=TEXT))
    await calls.post("faults", network="telegram", kind="500", methods=["file"], times=1)
    with pytest.raises(NetworkError):
        await file.download_as_bytearray()
    assert await file.download_as_bytearray() == TEXT.encode()


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "x.csv"}, {"name": "x.csv", "base64": "?"}, {"text": "x"}])
async def test_what_is_no_file_is_refused(calls: Calls, body: dict[str, str]) -> None:
    answer = await calls.http.post("/sandbox/people/amara-osei/document", json=body)
    assert answer.status_code == 400
