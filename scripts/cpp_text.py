"""C++ as text: comments and literals blanked out, brackets matched, full expressions found.

Not a parser. It knows as much as scripts/tidy.py needs to judge a line, and keeps every position:
an offset in the blanked text is the same offset in the file.
"""

import re

TOKEN = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | (?:u8|[uUL])?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"
      | (?:u8|[uUL])?"(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'
    """,
    re.VERBOSE | re.DOTALL,
)
OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {close: open_ for open_, close in OPENING.items()}
LAMBDA_INTRODUCER = re.compile(r"(?<![\w\])\[])\s*\[(?!\[)")


def blank(text):
    """The text with comments and literals replaced by spaces; newlines stay where they are."""

    def spaces(match):
        token = match.group()
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        # A literal stays an operand: '"a"' becomes '"_"', so that f("a") is not mistaken for f().
        return token[0] + re.sub(r"[^\n]", "_", token[1:-1]) + token[-1]

    return TOKEN.sub(spaces, text)


def match_brackets(code):
    """Two maps between the offsets of brackets that belong together: forwards and backwards."""
    forwards, backwards, stack = {}, {}, []
    for at, char in enumerate(code):
        if char in OPENING:
            stack.append(at)
        elif char in CLOSING and stack and code[stack[-1]] == CLOSING[char]:
            start = stack.pop()
            forwards[start], backwards[at] = at, start
    return forwards, backwards


class Code:
    """One file, blanked."""

    def __init__(self, text):
        self.text = blank(text)
        self.forwards, self.backwards = match_brackets(self.text)

    def line(self, at):
        return self.text.count("\n", 0, at) + 1

    def inside(self, at):
        """What the brackets that open at `at` hold."""
        return self.text[at + 1 : self.forwards.get(at, len(self.text))]

    def is_block(self, at):
        """Whether the '{' at `at` opens statements, no initializer: it holds a ';' of its own."""
        end = self.forwards.get(at, len(self.text))
        at += 1
        while at < end:
            if self.text[at] == ";":
                return True
            at = self.forwards.get(at, at) + 1
        return False

    def full_expression(self, at):
        """The bounds of the full expression, or the statement around it, that `at` is in."""
        start = at
        while start > 0:
            char = self.text[start - 1]
            if char == ";" or (char == "{" and self.is_block(start - 1)):
                break
            if char == "}" and self.backwards.get(start - 1) is not None:
                opening = self.backwards[start - 1]
                if self.is_block(opening) and not self.is_lambda_body(opening):
                    break
            start = self.backwards.get(start - 1, start - 1)
        end = at
        while end < len(self.text) and self.text[end] not in ";":
            if self.text[end] == "}":
                opening = self.backwards.get(end)
                if opening is None or self.is_block(opening):
                    break
            if self.text[end] == "{" and self.is_block(end) and not self.is_lambda_body(end):
                break
            end = self.forwards.get(end, end) + 1 if self.text[end] in OPENING else end + 1
        return start, end

    def lambdas(self, start, end):
        """The offset of the '[' of each lambda between the two, not within another's body."""
        at = start
        while match := LAMBDA_INTRODUCER.search(self.text, at, end):
            opening = match.end() - 1
            at = match.end()
            body = self.lambda_body(opening)
            if body is not None:
                yield opening
                at = self.forwards.get(body, body) + 1

    def lambda_body(self, opening):
        """The '{' of the lambda whose '[' is at `opening`; None when it is no lambda."""
        at = self.forwards.get(opening)
        if at is None:
            return None
        rest = re.compile(r"\s*(<)?").match(self.text, at + 1)
        at = rest.end()
        if rest.group(1):  # a template parameter list
            depth = 1
            while depth and at < len(self.text):
                depth += {"<": 1, ">": -1}.get(self.text[at], 0)
                at += 1
        while at < len(self.text) and self.text[at] not in "{;),]}":
            at = self.forwards[at] + 1 if self.text[at] in "([" and at in self.forwards else at + 1
        return at if at < len(self.text) and self.text[at] == "{" else None

    def is_lambda_body(self, brace):
        """Whether the '{' at `brace` is the body of a lambda that begins on the lines before it."""
        floor = max(0, brace - 400)
        return any(
            self.lambda_body(match.end() - 1) == brace
            for match in LAMBDA_INTRODUCER.finditer(self.text, floor, brace)
        )
