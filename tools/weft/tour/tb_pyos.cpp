// The course: pyos1 to pyos8, as rows of the tour.

#include "tb_pyos.hpp"
#include "both.hpp"
#include "program.hpp"

namespace weft::tour {
namespace {

void pyos(guide& show) {
    play_both(show, pyos_from_tasks, pyos_from_fibers);
}

}  // namespace

programs course_pyos() {
    return {
        {
            .id = "B.11",
            .title = "pyos1-8: an operating system out of coroutines",
            .shows = "Tasks, a scheduler, system calls, waiting for input, subroutines; the same "
                     "from fibers.",
            .run = pyos,
            .expected = "--- pyos1: tasks\n"
                        "Running foo()\nPart 1\nResuming foo()\nPart 2\n"
                        "--- pyos2: a scheduler\n"
                        "I'm foo\nI'm bar\nI'm foo\nI'm bar\nI'm foo\nI'm bar\n"
                        "--- pyos3: tasks that end\n"
                        "I'm foo\nI'm bar\nI'm foo\nI'm bar\nI'm foo\nI'm bar\n"
                        "I'm foo\nI'm bar\nI'm foo\nI'm bar\nI'm foo\n"
                        "Task 2 terminated\n"
                        "I'm foo\nI'm foo\nI'm foo\nI'm foo\n"
                        "Task 1 terminated\n"
                        "--- pyos4: GetTid\n"
                        "I'm foo 1\nI'm bar 2\nI'm foo 1\nI'm bar 2\nI'm foo 1\nI'm bar 2\n"
                        "I'm foo 1\nI'm bar 2\nI'm foo 1\nI'm bar 2\n"
                        "Task 1 terminated\n"
                        "I'm bar 2\nI'm bar 2\nI'm bar 2\nI'm bar 2\nI'm bar 2\n"
                        "Task 2 terminated\n"
                        "--- pyos5: NewTask, KillTask\n"
                        "I'm foo 2\nI'm foo 2\nI'm foo 2\nI'm foo 2\nI'm foo 2\n"
                        "Task 2 terminated\nmain done\nTask 1 terminated\n"
                        "--- pyos6: WaitTask\n"
                        "I'm foo\nWaiting for child\nI'm foo\nI'm foo\nI'm foo\nI'm foo\n"
                        "Task 2 terminated\nChild done\nTask 1 terminated\n"
                        "--- pyos7: ReadWait, WriteWait\n"
                        "Server starting\nConnection on task 2\n"
                        "echoed: hello\nechoed: goodbye\n"
                        "Task 1 terminated\nClient closed\nTask 2 terminated\n"
                        "--- pyos8: subroutines\n"
                        "4\nechoed: hello again\n"
                        "Task 1 terminated\nClient closed\nTask 2 terminated\n",
        },
    };
}

}  // namespace weft::tour
