"""The log pipeline of the courses on generators and coroutines, in Python.

Counts the lines with a word:

pipeline.py generators|coroutines FILE
"""

import sys

WORD = "python"


# Pulled: each stage asks the one before it.
def lines(path):
    with open(path) as file:
        for line in file:
            yield line


def grep(word, source):
    for line in source:
        if word in line:
            yield line


def by_generators(path):
    return sum(1 for _ in grep(WORD, lines(path)))


# Pushed: each stage sends to the one after it.
def coroutine(function):
    def primed(*args):
        body = function(*args)
        next(body)
        return body

    return primed


@coroutine
def grep_to(word, target):
    while True:
        line = yield
        if word in line:
            target.send(line)


@coroutine
def count_into(total):
    while True:
        yield
        total[0] += 1


def by_coroutines(path):
    total = [0]
    target = grep_to(WORD, count_into(total))
    with open(path) as file:
        for line in file:
            target.send(line)
    return total[0]


how = {"generators": by_generators, "coroutines": by_coroutines}[sys.argv[1]]
print(how(sys.argv[2]))
