# The few rules every folder builds by.

# switchboard_library(name SOURCES a.cc … DEPS target …)
function(switchboard_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  target_compile_options(${name} PRIVATE ${SWITCHBOARD_WARNINGS})
endfunction()

# switchboard_test(name LABEL unit SOURCES a_test.cc DEPS target …)
# LABEL is unit, integration, e2e, chaos, fuzz, bench or lint. Test data is read below the source
# folder, which the test gets as its working directory.
function(switchboard_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock_main)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(${name} PRIVATE ${SWITCHBOARD_WARNINGS})
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
endfunction()

# switchboard_agent(name SOURCES main.cc … [DEPS target …] [PROTOS own.proto …])
# An executable on the agent runtime. Everything an agent needs beside its domain library comes with it.
function(switchboard_agent name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PROTOS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(${name} PRIVATE ${SWITCHBOARD_WARNINGS})
  target_link_libraries(${name} PRIVATE switchboard_runtime ${ARG_DEPS})
  if(ARG_PROTOS)
    add_library(${name}_proto STATIC)
    target_link_libraries(${name}_proto PUBLIC switchboard_proto)
    switchboard_protobuf(${name}_proto ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_PROTOS})
    target_link_libraries(${name} PRIVATE ${name}_proto)
    # So that an agent includes "greeter.pb.h" wherever its folder stands.
    file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    target_include_directories(${name} SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/generated/${folder})
  endif()
  # `make up` starts what stands in services/; examples are only built.
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "/services/[^/]+$")
    set_property(GLOBAL APPEND PROPERTY SWITCHBOARD_AGENTS ${name})
  endif()
endfunction()

# Generates C++ messages into a library. Import paths are relative to proto/ (the contract) or to the
# project's root (an agent's own).
function(switchboard_protobuf target)
  _switchboard_generate(${target} "" pb ${ARGN})
endfunction()

function(switchboard_grpc target)
  _switchboard_generate(${target} "protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>" grpc.pb ${ARGN})
endfunction()

function(_switchboard_generate target plugin suffix)
  set(out ${PROJECT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  foreach(proto ${ARGN})
    set(root ${PROJECT_SOURCE_DIR}/proto)
    string(FIND ${proto} ${root}/ inside)
    if(NOT inside EQUAL 0)
      set(root ${PROJECT_SOURCE_DIR})
    endif()
    file(RELATIVE_PATH path ${root} ${proto})
    string(REGEX REPLACE "\\.proto$" "" stem ${path})
    if(plugin)
      set(flags --plugin=${plugin} --grpc_out=${out})
    else()
      set(flags --cpp_out=${out})
    endif()
    add_custom_command(
      OUTPUT ${out}/${stem}.${suffix}.cc ${out}/${stem}.${suffix}.h
      COMMAND protobuf::protoc -I ${PROJECT_SOURCE_DIR}/proto -I ${PROJECT_SOURCE_DIR} ${flags} ${proto}
      DEPENDS ${proto} ${SWITCHBOARD_PROTOS}
      COMMENT "Generating ${stem}.${suffix}"
      VERBATIM)
    target_sources(${target} PRIVATE ${out}/${stem}.${suffix}.cc ${out}/${stem}.${suffix}.h)
  endforeach()
  target_include_directories(${target} SYSTEM PUBLIC ${out})
endfunction()

# switchboard_model(name DATA examples.jsonl… [CONCEPTS concepts.json] [OPTIONS --cost 0.5 …])
# Trains a text classifier (common/learning) into <build folder>/<name>.bin, whose path the caller
# finds in <name>_PATH and others in the target's property MODEL_PATH. Models are built, never committed: they follow their data and their code.
function(switchboard_model name)
  cmake_parse_arguments(ARG "" "CONCEPTS" "DATA;OPTIONS" ${ARGN})
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.bin)
  set(concepts)
  if(ARG_CONCEPTS)
    set(concepts --concepts ${ARG_CONCEPTS})
  endif()
  add_custom_command(
    OUTPUT ${output}
    COMMAND train_model ${ARG_DATA} ${concepts} ${ARG_OPTIONS} -o ${output}
    DEPENDS train_model ${ARG_DATA} ${ARG_CONCEPTS}
    COMMENT "Training ${name}"
    VERBATIM)
  add_custom_target(${name} DEPENDS ${output})
  set_target_properties(${name} PROPERTIES MODEL_PATH ${output})
  set(${name}_PATH ${output} PARENT_SCOPE)
endfunction()
