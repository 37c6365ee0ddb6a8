"""Resource quantities (`250m`, `1.5Gi`, `12e6`) as whole numbers, rounded up as the API server does.

Grammar: k8s.io/apimachinery resource.Quantity. Raises ValueError for anything else: an amount is never guessed.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([KMGTPE]i|[eE][+-]?\d{1,2}|[numkMGTPE])?", re.ASCII)
_BINARY = {f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)}
_DECIMAL = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal("1e3"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("MGTPE", start=2)},
}
_FACTORS = {**_BINARY, **_DECIMAL}
_DIGITS = 64
_CORE = 1000

Quantity = str | int | float


def exact(quantity: Quantity) -> Decimal:
    """The exact value."""
    text = str(quantity)
    found = _FORM.fullmatch(text)
    if found is None or len(text) > _DIGITS:
        raise ValueError(f"not a quantity: {text[:_DIGITS]!r}")
    number, suffix = found[1], found[2] or ""
    if suffix in _FACTORS:
        return Decimal(number) * _FACTORS[suffix]
    return Decimal(number).scaleb(int(suffix[1:]))


@lru_cache(maxsize=4096)
def amount(quantity: Quantity | None) -> int:
    """Whole units (bytes, pods), rounded up; None is 0."""
    return 0 if quantity is None else int(exact(quantity).to_integral_value(ROUND_CEILING))


@lru_cache(maxsize=4096)
def millis(quantity: Quantity | None) -> int:
    """Thousandths (of a core), rounded up; None is 0."""
    return 0 if quantity is None else int((exact(quantity) * 1000).to_integral_value(ROUND_CEILING))


def cores(milli: int) -> str:
    """Thousandths of a core as people say it: `250m`, `1.5`, `16`."""
    return f"{milli}m" if 0 < milli < _CORE else f"{milli / _CORE:.1f}".removesuffix(".0")
