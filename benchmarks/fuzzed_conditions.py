"""Conditions at random, with rows to decide them on, for finding where columns and rows disagree."""

from dataclasses import dataclass
from random import Random

from heed.decisioning.canonical import Scalar
from heed.guardrails.conditions.cel import CelType, ConditionLanguage, coerce

VARIABLES = {
    "customer.age": CelType.INT,
    "customer.orders": CelType.INT,
    "customer.spent": CelType.FLOAT,
    "customer.score": CelType.FLOAT,
    "customer.city": CelType.STRING,
    "context.page": CelType.STRING,
    "customer.member": CelType.BOOL,
    "context.late": CelType.BOOL,
}
LANGUAGE = ConditionLanguage(VARIABLES)
_ORDER = ("<", "<=", ">", ">=", "==", "!=")
_WORDS = ("", "a", "A", "b", "ab", "é", "e\u0301", "ß", "\U0001f600", "zz", "10", "日本")
_INTS = (0, 1, -1, 2, 3, 18, -5, 2**31, 2**62, 2**63 - 1, -(2**63), -(2**63) + 1)
_FLOATS = (0.0, -0.0, 1.0, -1.5, 0.1, 1e308, -1e308, 5e-324, float("inf"), float("-inf"), 9007199254740993.0)


@dataclass(frozen=True)
class Fuzz:
    """Makes conditions and rows from one source of randomness."""

    random: Random

    def condition(self, depth: int = 4) -> str:
        """The text of a condition that type-checks."""
        return self._bool(depth)

    def row(self, unknown: float = 0.12) -> dict[str, Scalar]:
        """Values of all variables, each unknown (None) with that probability."""
        return {
            name: None if self.random.random() < unknown else coerce(self._value(kind), kind)
            for name, kind in VARIABLES.items()
        }

    def _value(self, kind: CelType) -> Scalar:
        draw = self.random
        match kind:
            case CelType.INT:
                return draw.choice((*_INTS, draw.randint(-100, 100), 2**63))
            case CelType.FLOAT:
                return draw.choice((*_FLOATS, draw.uniform(-10, 30), float("nan")))
            case CelType.BOOL:
                return draw.random() < 0.5
            case CelType.STRING:
                return draw.choice((*_WORDS, "\ud800"))

    def _name(self, kind: CelType) -> str:
        return self.random.choice([name for name, one in VARIABLES.items() if one is kind])

    def _bool(self, depth: int) -> str:
        draw, less = self.random, depth - 1
        leaves = (self._comparison, self._membership, self._test, self._constant)
        if depth <= 0 or draw.random() < 0.35:
            return draw.choices(leaves, (8, 3, 3, 1))[0](less)
        match draw.choice(("&&", "||", "!", "?", "==", "macro")):
            case "!":
                return f"!({self._bool(less)})"
            case "?":
                return f"({self._bool(less)} ? {self._bool(less)} : {self._bool(less)})"
            case "==":
                return f"(({self._bool(less)}) {draw.choice(_ORDER)} ({self._bool(less)}))"
            case "macro" if draw.random() < 0.2:
                return f"[1, 2, {self._int(0)}].exists(x, x > {self._int(0)})"
            case logic:
                sign = "||" if logic == "macro" else logic
                return f"({self._bool(less)} {sign} {self._bool(less)})"

    def _constant(self, _: int) -> str:
        return self.random.choice(("true", "false", self._name(CelType.BOOL), self._name(CelType.BOOL)))

    def _comparison(self, depth: int) -> str:
        made = self.random.choice((self._int, self._float, self._text))
        return f"{made(depth)} {self.random.choice(_ORDER)} {made(depth)}"

    def _membership(self, depth: int) -> str:
        made = self.random.choice((self._int, self._float, self._text))
        items = ", ".join(made(depth - 1) for _ in range(self.random.randint(0, 3)))
        return f"{made(depth)} in [{items}]"

    def _test(self, depth: int) -> str:
        tests = ("contains", "startsWith", "endsWith", "contains", "startsWith", "endsWith", "matches")
        test = self.random.choice(tests)
        if test == "matches":
            return f"{self._text(depth)}.matches('^[a-z]*$')"
        return f"{self._text(depth)}.{test}({self._text(depth)})"

    def _int(self, depth: int) -> str:
        draw, less = self.random, depth - 1
        if depth <= 0 or draw.random() < 0.5:
            literal = str(draw.choice(_INTS[:-2]) if draw.random() < 0.3 else draw.randint(-3, 20))
            return draw.choice((self._name(CelType.INT), literal))
        match draw.choice(("+", "-", "*", "/", "%", "neg", "size", "?")):
            case "neg":
                return f"(-{self._name(CelType.INT)})"
            case "size":
                return draw.choice((f"size({self._text(less)})", f"{self._text(less)}.size()"))
            case "?":
                return f"({self._bool(0)} ? {self._int(less)} : {self._int(less)})"
            case sign:
                return f"({self._int(less)} {sign} {self._int(less)})"

    def _float(self, depth: int) -> str:
        draw, less = self.random, depth - 1
        if depth <= 0 or draw.random() < 0.5:
            literal = repr(draw.choice((0.0, 1.0, 0.1, 1e308)) if draw.random() < 0.3 else draw.uniform(-3, 20))
            return draw.choice((self._name(CelType.FLOAT), literal))
        match draw.choice(("+", "-", "*", "/", "neg", "double", "?")):
            case "neg":
                return f"(-{self._name(CelType.FLOAT)})"
            case "double":
                return f"double({self._int(less)})"
            case "?":
                return f"({self._bool(0)} ? {self._float(less)} : {self._float(less)})"
            case sign:
                return f"({self._float(less)} {sign} {self._float(less)})"

    def _text(self, depth: int) -> str:
        draw = self.random
        if depth > 0 and draw.random() < 0.25:
            return f"({self._text(depth - 1)} + {self._text(depth - 1)})"
        return draw.choice((self._name(CelType.STRING), f'"{draw.choice(_WORDS)}"'))
