"""The rules of scripts/tidy.py about coroutines: what g++ 12 compiles wrongly.

Each rule takes a cpp_text.Code and yields (offset, rule, what to do).
"""

import re

AWAIT = re.compile(r"\bco_(?:await|yield)\b")
CONDITION = re.compile(r"\b(if|while|switch|for)\s*(?:constexpr\s*)?\(")
# 'bool more =', 'const auto& [a, b] =', 'std::string line =': two words, then one '='.
DECLARATION = re.compile(
    r"^\s*[\w:]+(?:\s*<.*>)?(?:\s+[\w:]+(?:\s*<.*>)?)*?[\s&*]+(?:\w+|\[[^\]]*\])\s*(?:=(?!=)|\{)",
    re.DOTALL,
)
NAMED_STRUCT = re.compile(
    r"\b(?:struct|class)\s+(?:\[\[[^\]]*\]\]\s*|WEFT_\w+\s+)*"
    r"(\w*(?:options|policy|awaiter|awaitable))\b([^;{}()=]*)\{"
)


def await_condition(code):
    """g++ 12 drops the rest of the block when a condition awaits and nothing is declared there."""
    for match in CONDITION.finditer(code.text):
        condition = code.inside(match.end() - 1)
        if match.group(1) == "for":
            condition = condition.split(";")[1] if condition.count(";") >= 2 else ""
        if AWAIT.search(condition) and not DECLARATION.match(condition):
            yield match.start(), "await-condition", (
                f"'{match.group(1)}' awaits in its condition, which g++ 12 miscompiles: "
                "write 'const bool more = co_await ...;' and test that"
            )


def await_operand(code):
    """What must not share a full expression with an await: g++ 12 destroys its parts twice."""
    seen = set()
    for match in AWAIT.finditer(code.text):
        start, end = code.full_expression(match.start())
        if (start, end) in seen:
            continue
        seen.add((start, end))
        yield from closures(code, start, end)
        yield from braces(code, start, end)
        yield from awaits_in_branches(code, start, end)


def closures(code, start, end):
    for at in code.lambdas(start, end):
        captures = code.inside(at)
        by_value = [
            capture
            for capture in re.split(r",(?![^(]*\))", captures)
            if capture.strip() and not re.match(r"\s*(&|this\b)", capture)
        ]
        if by_value:
            yield at, "await-lambda", (
                "a lambda that captures by value, made in the same expression as an await, is "
                "destroyed twice by g++ 12: name it first, or pass (fn, args...)"
            )


def braces(code, start, end):
    bodies = {code.lambda_body(at) for at in code.lambdas(start, end)}
    at = start
    while at < end:
        if code.text[at] == "{" and at in bodies:
            at = code.forwards.get(at, at)
        elif code.text[at] == "{" and is_initializer(code, start, at):
            yield at, "await-braces", (
                "an aggregate or a braced list, made in the same expression as an await, is "
                "destroyed twice by g++ 12 (or does not compile): name it first, or write T(...) "
                "if T has a constructor"
            )
            at = code.forwards.get(at, at)
        at += 1


def is_initializer(code, start, at):
    """Whether the '{' at `at` builds a temporary out of what it holds."""
    if not code.inside(at).strip() or code.is_block(at):
        return False
    before = code.text[start:at]
    # 'T name{co_await x}' and 'T name = {...}' build the variable itself: no temporary, no harm,
    # unless the list awaits more than once.
    if re.search(r"(?:[\w>\]&*]\s+\w+|\w+\s*=)\s*$", before) and "(" not in before:
        declared = re.match(r"(?!co_|return\b|throw\b)", before.lstrip())
        return not declared or len(AWAIT.findall(code.inside(at))) > 1
    return bool(re.search(r"[\w>(,={&|?:]\s*$", before)) and not re.search(
        r"(?:\)|\belse|\bdo|\btry|\bnoexcept|\bmutable)\s*$", before
    )


def awaits_in_branches(code, start, end):
    statement = code.text[start:end]
    branches = re.search(r"\?[^:]", statement)
    if branches and AWAIT.search(statement, branches.start()):
        yield start + branches.start(), "await-ternary", (
            "an await in a branch of '?:' is destroyed twice by g++ 12: use if and else"
        )
    new = re.search(r"\bnew\b[^;]*\bco_(?:await|yield)\b", statement, re.DOTALL)
    if new:
        yield start + new.start(), "await-new", (
            "'new T(co_await ...)' is destroyed twice by g++ 12: await first, or make_unique<T>"
        )


def aggregate_options(code):
    """An options type or an awaiter that is an aggregate would be built with braces in an await."""
    for match in NAMED_STRUCT.finditer(code.text):
        body = code.inside(match.end() - 1)
        name = match.group(1)
        inherited = re.search(r"\busing\s[\w:]*?(\w+)(?:<[^;]*>)?\s*::\s*\1\s*;", body)
        if not inherited and not re.search(rf"(?<![~\w]){name}\s*\(", body):
            yield match.start(1), "aggregate", (
                f"'{name}' is an aggregate: declare a constructor; options are set by members"
            )


RULES = (await_condition, await_operand, aggregate_options)
