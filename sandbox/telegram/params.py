"""The parameters of one call, however they travelled: query, form, multipart or JSON."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request

from sandbox.json_types import Json
from sandbox.telegram.errors import bad_request

_NESTED = {
    "allowed_updates", "caption_entities", "commands", "entities", "link_preview_options", "media", "reply_markup",
    "reply_parameters", "scope",
}  # fmt: skip
_YES = {"true", "1", "yes", "t", "y"}


@dataclass
class Params:
    """Parameters by name; Telegram reads `"5"` and `5`, `"true"` and `true` alike, and ignores unknown names."""

    values: Json
    files: dict[str, bytes] = field(default_factory=dict)
    file_names: dict[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """A string, empty where it is not given."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def whole(self, name: str, default: int = 0) -> int:
        """An integer; Telegram reads what is none as 0, here as the default."""
        try:
            return int(self.values[name])
        except (KeyError, TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """A boolean, False where it is not given."""
        return self.text(name).lower() in _YES

    def nested(self, name: str, what: str) -> Any:
        """A JSON-serialised value, None where it is not given; refused where it is no JSON."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise bad_request(f"can't parse {what} JSON object") from error

    def shown(self) -> Json:
        """For the record: nested values as objects, files as their size."""
        attached = " ".join(map(str, self.values.values()))
        files = {name: data for name, data in self.files.items() if f"attach://{name}" not in attached}
        return {
            **{name: _opened(value) if name in _NESTED else value for name, value in self.values.items()},
            **{name: f"<{len(data)} bytes>" for name, data in files.items()},
        }


def _opened(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


async def read_params(request: Request) -> Params:
    """Reads the query and the body; the body wins."""
    values: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        files: dict[str, bytes] = {}
        file_names: dict[str, str] = {}
        async with request.form() as form:
            for name, value in form.items():
                if isinstance(value, UploadFile):
                    files[name] = await value.read()
                    file_names[name] = value.filename or "file"
                else:
                    values[name] = value
        return Params(values, files, file_names)
    body = await request.body()
    if kind == "application/json" and body:
        try:
            values.update(json.loads(body))
        except (TypeError, ValueError) as error:
            raise bad_request("can't parse request body as JSON object") from error
    elif body:
        values.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return Params(values)
