# Runs ${program}; fails when that fails, or when it prints other than what ${expected} holds, if
# there is such a file.

execute_process(COMMAND ${program} OUTPUT_VARIABLE printed RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "${program}: ${status}\n${printed}")
endif()
if(EXISTS ${expected})
    file(READ ${expected} wanted)
    if(NOT printed STREQUAL wanted)
        message(FATAL_ERROR "expected:\n${wanted}\nprinted:\n${printed}")
    endif()
endif()
