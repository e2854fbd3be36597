"""The generator of generator_for.cpp in Python."""

import time

VALUES = 5_000_000


def count(n):
    i = 0
    while i < n:
        yield i
        i += 1


def total(n):
    result = 0
    for value in count(n):
        result += value
    return result


total(VALUES // 10)
start = time.process_time()
result = total(VALUES)
elapsed = time.process_time() - start
if result != VALUES * (VALUES - 1) // 2:
    raise SystemExit("wrong result: the sum of the values")
print(f"ns_per_value {elapsed * 1e9 / VALUES:.6g}")
