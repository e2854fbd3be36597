"""Shows suspended generators and consumers in gdb.

    (gdb) source scripts/gdb/weft_gdb.py
    (gdb) weft generator g       a generator or consumer: function, place, suspension, locals
    (gdb) weft chain g           the generators that g delegates to, down to the leaf
    (gdb) weft frame 0x7ffff…    the same for a frame's address, as address() gives it

Works on a live process and on a core file: nothing is called in the program. Locals are found by
the debug information of the compiler that made the frame (g++ 12, clang 16 and later, -g -O0);
without it, or where the optimiser has dropped it, the place is shown and what is missing is said.
"""

import re

import gdb

# A frame begins with two function pointers, and the promise is aligned to no more than their size.
PROMISE_OFFSET = 16
# What the compilers keep in a frame beside the program's own variables.
NOT_OURS = re.compile(
    r"^(_Coro_|__coro_|__promise|__resume_fn|__destroy_fn|__for_|frame_ptr$)"
    r"|^(Is|Fs)$|^(Yd|Aw|aw|D\.)\d*$|^_?\d+$"
    r"|^(class|struct|union|enum)_.*_\d+$|^__int_\d+_\d+$"
)
# g++ adds the depth of the scope and a running number: c_1_2.
GCC_SUFFIX = re.compile(r"^(.+)_(\d+)_(\d+)$")


def word(address):
    """The pointer-sized word at an address."""
    return int(gdb.Value(address).cast(gdb.lookup_type("unsigned long").pointer()).dereference())


def field(value, name):
    """A member of `value`, also of a base class; None when there is none."""
    for member in value.type.strip_typedefs().fields():
        if member.name == name and not member.is_base_class:
            return value[member]
        if member.is_base_class:
            found = field(value[member], name)
            if found is not None:
                return found
    return None


def member_of(value, name):
    """The same where it must be there."""
    found = field(value, name)
    if found is None:
        raise gdb.GdbError(f"weft: {value.type} has no {name}: this script is of another version")
    return found


def atomic(value):
    """What a std::atomic holds."""
    while value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        inner = None
        for name in ("_M_i", "_M_p", "_M_b", "_M_base"):
            inner = field(value, name)
            if inner is not None:
                break
        if inner is None:
            raise gdb.GdbError(f"weft: cannot look into {value.type}")
        value = inner
    return value


class Place:
    """A source location, of which weft keeps the address."""

    def __init__(self, address):
        pointer = gdb.lookup_type("char").pointer().pointer()
        numbers = gdb.Value(address + 16).cast(gdb.lookup_type("unsigned int").pointer())
        self.file = gdb.Value(address).cast(pointer).dereference().string()
        self.line = int(numbers.dereference())

    def __str__(self):
        return f"{self.file.rsplit('/', 1)[-1]}:{self.line}"


def promise_in(value, depth=0):
    """The address of the promise that a generator or consumer holds: 0 for none, None if `value` is
    neither."""
    type_ = value.type.strip_typedefs()
    if type_.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        return promise_in(value.referenced_value(), depth)
    if type_.code == gdb.TYPE_CODE_PTR:
        target = type_.target().strip_typedefs().unqualified()
        if str(target) in ("weft::detail::generator_frame", "weft::detail::consumer_frame"):
            return int(value)
        if depth == 0 and int(value) != 0:
            return promise_in(value.dereference(), 1)
        return None
    if type_.code != gdb.TYPE_CODE_STRUCT or depth > 4:
        return None
    for member in type_.fields():
        if member.is_base_class or member.name == "frame_":
            found = promise_in(value[member], depth + 1)
            if found is not None:
                return found
    return None


class Frame:
    """A coroutine frame: what its compiler and weft's promise say of it."""

    def __init__(self, address):
        self.address = address
        try:
            # g++ clears the resume function of a coroutine that is done.
            self.code = word(address) or word(address + 8)
        except gdb.MemoryError:
            raise gdb.GdbError(f"weft: there is no frame at {address:#x}") from None
        block = gdb.block_for_pc(self.code)
        while block is not None and block.function is None:
            block = block.superblock
        self.block = block
        self.function = block.function if block is not None else None
        self.variables = self.find_variables()
        self.promise = self.find_promise()

    def find_variables(self):
        """The frame as a value of the type that the compiler made for it, or None."""
        if self.function is None:
            return None
        for symbol in self.block:
            type_ = symbol.type
            if symbol.name == "frame_ptr" and type_.code == gdb.TYPE_CODE_PTR:
                return gdb.Value(self.address).cast(type_).dereference()
            if symbol.name == "__coro_frame":
                return gdb.Value(self.address).cast(type_.pointer()).dereference()
        return None

    def find_promise(self):
        """The untyped part of the promise."""
        name = "weft::detail::generator_frame"
        for member in self.variables.type.fields() if self.variables is not None else ():
            if member.name in ("_Coro_promise", "__promise"):
                if has_base(member.type, "weft::detail::consumer_frame"):
                    name = "weft::detail::consumer_frame"
        try:
            type_ = gdb.lookup_type(name)
        except gdb.error:
            raise gdb.GdbError(f"weft: no debug information for {name}: build with -g") from None
        return gdb.Value(self.address + PROMISE_OFFSET).cast(type_.pointer()).dereference()

    @property
    def is_generator(self):
        return field(self.promise, "root_") is not None

    def name(self):
        if self.function is None:
            text = gdb.execute(f"info symbol {self.code:#x}", to_string=True)
            text = text.split(" in section")[0].strip()
        else:
            text = self.function.print_name
        # Cut the parameters: the first '(' outside of template arguments that follows a name.
        depth = 0
        for at, letter in enumerate(text):
            depth += (letter == "<") - (letter == ">")
            if letter == "(" and depth == 0 and at > 0 and re.search(r"[\w>]$", text[:at]):
                if not text[:at].endswith("operator"):
                    return text[:at]
        return text

    def state(self):
        if not self.is_generator:
            if int(atomic(member_of(self.promise, "done_"))):
                return "closed"
            return "suspended" if int(atomic(member_of(self.promise, "at_"))) else "running"
        phase = int(atomic(member_of(self.promise, "phase_")))
        if phase != 1:
            return "created" if phase == 0 else "closed"
        return "suspended" if self.root_place() else "running"

    def root_place(self):
        """Where the leaf of a suspended chain stands; 0 while it runs."""
        place = int(atomic(member_of(member_of(self.promise, "root_").dereference(), "at_")))
        return place if place > 1 else 0

    def place(self):
        """Where it is suspended, or where it was created."""
        here = 0
        if not self.is_generator:
            here = int(atomic(member_of(self.promise, "at_")))
        elif self.state() == "suspended":
            links = self.links_below()
            here = int(links[0]["where"]) if links else self.root_place()
        here = here or int(member_of(self.promise, "created_"))
        return Place(here) if here else None

    def links_below(self):
        """The delegations from this generator down to the leaf."""
        if not self.is_generator or self.state() != "suspended":
            return []
        mine = int(self.promise.address)
        links = []
        at = member_of(member_of(self.promise, "root_").dereference(), "leaf_")
        while int(at) != mine:
            link = member_of(at.dereference(), "up_").dereference()
            links.append(link)
            at = link["outer"]
        return links[::-1]

    def below(self):
        """The generators it delegates to, the leaf last."""
        links = self.links_below()
        frames = [int(link["outer"]) for link in links[1:]]
        if links:
            frames.append(int(member_of(member_of(self.promise, "root_").dereference(), "leaf_")))
        return [Frame(promise - PROMISE_OFFSET) for promise in frames]

    def suspension(self):
        """Which of the suspension points, counted from 1 in the source; None when unknown."""
        if self.variables is None:
            return None
        for member in self.variables.type.fields():
            if member.name == "_Coro_resume_index":  # even, and 2 at the start
                return int(self.variables[member]) // 2 - 1
            if member.name == "__coro_index":
                return int(self.variables[member])
        return None

    def in_scope(self, place):
        """The names that are in scope at a line, with the line that declares each."""
        names, depth_found = {}, -1
        table = self.function.symtab.linetable()
        lines = {entry.line for entry in table if entry.line >= place.line}
        for entry in table.line(min(lines)) or () if lines else ():
            block, here, depth, inside = gdb.block_for_pc(entry.pc), {}, 0, False
            while block is not None and not block.is_static:
                for symbol in block:
                    if symbol.is_variable or symbol.is_argument:
                        here.setdefault(symbol.name, symbol.line)
                inside = inside or block.start == self.block.start
                if block.function is not None:
                    break
                block, depth = block.superblock, depth + 1
            if inside and depth > depth_found:
                names, depth_found = here, depth
        return {n: line for n, line in names.items() if line <= place.line}

    def locals(self):
        """Arguments and locals: (name, value). Before the start, the arguments alone."""
        place, started = self.place(), self.state() != "created"
        scope = self.in_scope(place) if place and started else {}
        arguments = {s.name for s in self.block if s.is_argument}
        found = []
        for member in self.variables.type.fields():
            if member.name is None:
                continue
            suffix = GCC_SUFFIX.match(member.name)
            name = suffix.group(1) if suffix else member.name
            if NOT_OURS.match(name) or NOT_OURS.match(member.name):
                continue
            is_argument = name in arguments or (self.is_gcc() and not suffix)
            if is_argument or (started and (name in scope or not scope)):
                found.append((name, self.variables[member], scope.get(name, 0), is_argument))
        found.sort(key=lambda item: (not item[3], item[2]))
        return [(name, value) for name, value, _, _ in found]

    def is_gcc(self):
        return any(f.name == "_Coro_promise" for f in self.variables.type.fields())


def has_base(type_, name):
    type_ = type_.strip_typedefs()
    return any(
        f.is_base_class and (str(f.type.strip_typedefs()) == name or has_base(f.type, name))
        for f in type_.fields()
    )


def text_of(value):
    try:
        if value.type.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
            value = value.referenced_value()
        return value.format_string(max_elements=20).replace("\n", " ")
    except (gdb.error, UnicodeError) as error:
        return f"<cannot be read: {error}>"


def show(frame):
    kind, suspension = "generator" if frame.is_generator else "consumer", frame.suspension()
    print(f"{kind} '{frame.name()}' at {frame.address:#x}: {frame.state()}")
    place = frame.place()
    if frame.state() == "suspended" and place:
        which = f", suspension {suspension}" if suspension else ""
        print(f"  at {place}{which}")
    elif place:
        print(f"  created in {place}")
    below = frame.below()
    if below:
        print(f"  delegates to {', '.join(repr(f.name()) for f in below)}")
    if frame.state() == "closed":
        return
    if frame.variables is None:
        print("  locals: no debug information for this function: build it with -g -O0")
        return
    if frame.state() == "running":
        print("  it runs now: what follows is as of its last suspension")
    for name, value in frame.locals():
        print(f"  {name} = {text_of(value)}")


def frame_of(text):
    """The frame that an expression's value holds, or None when it has ended."""
    if not text.strip():
        raise gdb.GdbError("weft: name a generator or a consumer: weft generator g")
    promise = promise_in(gdb.parse_and_eval(text))
    if promise is None:
        raise gdb.GdbError(f"weft: {text} is neither a weft::generator nor a weft::consumer")
    return Frame(promise - PROMISE_OFFSET) if promise else None


class Weft(gdb.Command):
    """Looks into weft's coroutines: weft generator EXPR, weft chain EXPR, weft frame ADDRESS."""

    def __init__(self):
        super().__init__("weft", gdb.COMMAND_DATA, prefix=True)


class WeftGenerator(gdb.Command):
    """weft generator EXPR: function, place, suspension and locals of a generator or consumer."""

    def __init__(self):
        super().__init__("weft generator", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        frame = frame_of(argument)
        if frame is None:
            print(f"{argument} has ended or was moved from: it has no frame")
        else:
            show(frame)


class WeftChain(gdb.Command):
    """weft chain EXPR: a generator and those it delegates to, a line each, the leaf last."""

    def __init__(self):
        super().__init__("weft chain", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        frame = frame_of(argument)
        if frame is None:
            print(f"{argument} has ended or was moved from: it has no frame")
            return
        for number, each in enumerate([frame, *frame.below()]):
            print(f"#{number}  {each.name()}  {each.place()}  {each.state()}")


class WeftFrame(gdb.Command):
    """weft frame ADDRESS: as weft generator, for the address of a frame."""

    def __init__(self):
        super().__init__("weft frame", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        if not argument.strip():
            raise gdb.GdbError("weft: give the address of a frame: weft frame 0x7fff0000")
        show(Frame(int(gdb.parse_and_eval(argument))))


Weft()
WeftGenerator()
WeftChain()
WeftFrame()
