"""Messages of Kafka's protocol that kafka-python does not have, made as it makes its own: from a schema beside this.

Fields are those of the protocol's documentation (kafka.apache.org/protocol).
"""

from __future__ import annotations

import sys
import types
from typing import Any

from kafka.protocol.api_message import ApiMessage


def _message(name: str) -> Any:
    """A class out of NAME.json; an answer registers itself by its key."""
    return types.new_class(name, (ApiMessage,), {"load_json": sys.modules[__name__]})


ConsumerGroupDescribeRequest: Any = _message("ConsumerGroupDescribeRequest")
"""Members of groups of the newer protocol (KIP-848), from Kafka 3.7."""
ConsumerGroupDescribeResponse: Any = _message("ConsumerGroupDescribeResponse")
