"""Telegram's refusals, in Telegram's words."""

from sandbox.json_types import Json

PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


class ApiError(Exception):
    """A call that Telegram refuses."""

    def __init__(self, code: int, words: str = "", parameters: Json | None = None) -> None:
        self.code = code
        self.description = f"{PHRASES[code]}: {words}" if words else PHRASES[code]
        self.parameters = parameters
        super().__init__(self.description)

    def body(self) -> Json:
        """The answer's body."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return {**body, "parameters": self.parameters} if self.parameters else body


def bad_request(words: str) -> ApiError:
    """400 with Telegram's words."""
    return ApiError(400, words)


def too_many(retry_after: int) -> ApiError:
    """429 with the seconds to wait."""
    return ApiError(429, f"retry after {retry_after}", {"retry_after": retry_after})
