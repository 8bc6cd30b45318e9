# How a unit, a program, a test is declared. Sources are found by their folder, so adding
# a file is adding a file.

add_library(mr_flags INTERFACE)
target_include_directories(mr_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_definitions(mr_flags INTERFACE _POSIX_C_SOURCE=200809L
  MR_VERSION="${PROJECT_VERSION}")
# -ffp-contract=off: a detector's state must hold the same bits whatever compiled it.
target_compile_options(mr_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion
  -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wvla -Wundef -Wformat=2
  -Wno-overlength-strings
  -ffp-contract=off -fno-omit-frame-pointer $<$<BOOL:${MR_WERROR}>:-Werror>)
if(MR_SANITIZE)
  target_compile_options(mr_flags INTERFACE -fsanitize=${MR_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(mr_flags INTERFACE -fsanitize=${MR_SANITIZE})
endif()
if(MR_FUZZ)
  target_compile_options(mr_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(MR_CCACHE ccache)
if(MR_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${MR_CCACHE})
endif()

set(MR_UNITS "" CACHE INTERNAL "every unit, bottom up")

# mr_unit(NAME FOLDER LINK what its users link too... PRIVATE what only it sees...)
function(mr_unit name folder)
  cmake_parse_arguments(UNIT "" "" "LINK;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c)
  set(scope PUBLIC)
  set(kind STATIC)
  if(NOT sources) # a unit of headers only
    set(scope INTERFACE)
    set(kind INTERFACE)
  endif()
  add_library(mr_${name} ${kind} ${sources})
  target_link_libraries(mr_${name} ${scope} mr_flags ${UNIT_LINK})
  if(UNIT_PRIVATE AND sources)
    target_link_libraries(mr_${name} PRIVATE ${UNIT_PRIVATE})
  endif()
  set(MR_UNITS mr_${name} ${MR_UNITS} CACHE INTERNAL "")
endfunction()

# mr_program(NAME FOLDER): links every unit.
function(mr_program name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${MR_UNITS})
endfunction()

# Every tests/**/test_*.c is one test program, labelled by its folder; every other .c below
# tests/support and tests/sim is support that all of them may use.
function(mr_tests)
  pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
  pkg_check_modules(xgboost IMPORTED_TARGET xgboost)
  file(GLOB support CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/support/*.c
    ${CMAKE_SOURCE_DIR}/tests/sim/*.c)
  list(FILTER support EXCLUDE REGEX "/test_[^/]*\\.c$")
  add_library(mr_support INTERFACE)
  if(support)
    add_library(mr_support_code STATIC ${support})
    target_link_libraries(mr_support_code PUBLIC ${MR_UNITS} PkgConfig::cmocka PkgConfig::libpq)
    target_link_libraries(mr_support INTERFACE mr_support_code)
  endif()
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/test_*.c)
  foreach(test ${tests})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR}/tests ${test})
    string(REGEX REPLACE "/test_|/" "_" name ${path})
    string(REGEX REPLACE "\\.c$" "" name ${name})
    set(label unit)
    if(path MATCHES "^(integration|faults)/")
      set(label ${CMAKE_MATCH_1})
    endif()
    add_executable(test_${name} ${test})
    target_link_libraries(test_${name} PRIVATE mr_support ${MR_UNITS} PkgConfig::cmocka
      PkgConfig::rdkafka PkgConfig::avro_c PkgConfig::libpq)
    if(path MATCHES "score/" AND xgboost_FOUND)
      target_link_libraries(test_${name} PRIVATE PkgConfig::xgboost)
    endif()
    if(path MATCHES "^deploy/" AND TARGET millrace-feeds) # it runs the program and unpacks the feeds
      target_link_libraries(test_${name} PRIVATE PkgConfig::libarchive)
      add_dependencies(test_${name} millrace-feeds)
    endif()
    set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND test_${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 300
      ENVIRONMENT "MILLRACE_BUILD=${CMAKE_BINARY_DIR}")
  endforeach()
  mr_scripts()
  mr_gates()
endfunction()

# tests/cli, conformance, integration and faults also hold scripts: test_*.sh, exit code 77 for skipped.
function(mr_scripts)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/cli/test_*.sh
    ${CMAKE_SOURCE_DIR}/tests/conformance/test_*.sh
    ${CMAKE_SOURCE_DIR}/tests/integration/test_*.sh
    ${CMAKE_SOURCE_DIR}/tests/faults/test_*.sh)
  foreach(script ${scripts})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR}/tests ${script})
    string(REGEX MATCH "^[a-z]+" label ${path})
    if(label MATCHES "^(cli|conformance)$")
      set(label unit)
    endif()
    string(REGEX REPLACE "/test_|/" "_" name ${path})
    string(REGEX REPLACE "\\.sh$" "" name ${name})
    add_test(NAME ${name} COMMAND sh ${script} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 900 SKIP_RETURN_CODE 77
      ENVIRONMENT "MILLRACE_BUILD=${CMAKE_BINARY_DIR}")
  endforeach()
endfunction()

# tests/tidy/gate_*.py and .sh: each gate is given the tree, and its canary is a test of its own.
function(mr_gates)
  file(GLOB gates CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/tidy/gate_*)
  foreach(gate ${gates})
    get_filename_component(name ${gate} NAME_WE)
    add_test(NAME ${name} COMMAND ${gate} ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
    add_test(NAME ${name}_canary COMMAND ${gate} --canary ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
    set_tests_properties(${name} ${name}_canary PROPERTIES LABELS gate TIMEOUT 900 SKIP_RETURN_CODE 77)
  endforeach()
endfunction()

function(mr_benchmarks)
  file(GLOB programs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/benchmarks/bench_*.c)
  foreach(program ${programs})
    get_filename_component(name ${program} NAME_WE)
    add_executable(${name} EXCLUDE_FROM_ALL ${program})
    target_link_libraries(${name} PRIVATE mr_support ${MR_UNITS} PkgConfig::rdkafka PkgConfig::avro_c
      PkgConfig::libpq)
    if(name STREQUAL "bench_score" AND xgboost_FOUND)
      target_link_libraries(${name} PRIVATE PkgConfig::xgboost)
    endif()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/benchmarks)
    list(APPEND all ${name})
  endforeach()
  add_custom_target(benchmarks DEPENDS ${all})
endfunction()

function(mr_fuzzers)
  if(NOT MR_FUZZ)
    return()
  endif()
  file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
  foreach(fuzzer ${fuzzers})
    get_filename_component(name ${fuzzer} NAME_WE)
    add_executable(${name} ${fuzzer})
    target_link_libraries(${name} PRIVATE ${MR_UNITS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  endforeach()
endfunction()
