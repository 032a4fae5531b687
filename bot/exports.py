"""What is kept of a person, as a file (R12.6)."""

import json
from collections.abc import Mapping
from typing import Any


def as_json(export: Mapping[str, Any]) -> str:
    """To be read by people, too."""
    return json.dumps(export, ensure_ascii=False, indent=1) + "\n"
